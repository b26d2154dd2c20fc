import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Host } from '../platform/host.ts';
import type { Repository } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import type { DeliverableCache, DeliverableDocument } from './deliverable.ts';
import { GATEWAY_TAG, type GatewayRequest, readGatewayRequest, readRange } from './gateway-request.ts';
import { type BlobFailure, openLedger, type ServedBlob } from './ledger.ts';
import { passBlob } from './pass-blob.ts';

/** A registry on this machine's loopback that has one cache, for as long as it is open. */
export interface Gateway {
  /** `127.0.0.1:PORT/<32 hex digits>/cache:merged`. Whoever knows it can read the donors' layers. */
  readonly ref: string;
  /** Whether somebody with the secret has asked for the manifest. */
  reached(): boolean;
  /** What was handed out so far. */
  served(): readonly ServedBlob[];
  /** What donors did not give so far. */
  failures(): readonly BlobFailure[];
  /** Serves other content under the same ref from now on: the second try without a donor. */
  replace(cache: DeliverableCache): void;
  /** Breaks off every transfer and ends; also done when the run is interrupted. Never rejects. */
  close(): Promise<void>;
}

/** What a {@link Gateway} works with. */
export interface GatewayNeeds {
  readonly registry: Pick<Registry, 'openBlob'>;
  /** Where each donor's blobs lie, by its id. */
  readonly donors: ReadonlyMap<string, Repository>;
  readonly host: Pick<Host, 'clock' | 'signal'>;
}

/** BuildKit opens four connections to a registry; strangers of this machine get no more than the rest. */
const CONNECTIONS = 64;
const HEADER_BYTES = 16 * 1024;
/** For the head of a request, and for the whole of it, in milliseconds. */
const HEAD_MS = 10_000;

/**
 * Serves `cache` to BuildKit, which needs no login for it: the registry's own are used. Nothing is written to disk. Rejects
 * with the reason of an interrupted run, and where this machine has no port left.
 */
export async function openGateway(cache: DeliverableCache, needs: GatewayNeeds): Promise<Gateway> {
  const { host } = needs;
  host.signal.throwIfAborted();
  const secret = randomBytes(16).toString('hex');
  const ledger = openLedger();
  let content = cache;
  let reached = false;

  async function serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const wanted = readGatewayRequest({ method, url }, secret);
    const known = documentOf(content, wanted);
    if (known !== undefined) {
      reached ||= wanted.kind === 'manifest';
      return sendDocument(answer, known, { method });
    }
    if (wanted.kind === 'version') return sendVersion(answer, { method });
    const blob = wanted.kind === 'blob' ? content.blobs.get(wanted.digest) : undefined;
    if (wanted.kind !== 'blob' || blob === undefined) {
      return refuseRequest(answer, wanted.kind === 'not-allowed' ? 405 : 404);
    }
    const { size } = blob.descriptor;
    const range = readRange(headers.range, size);
    if (method === 'HEAD') {
      const about = { 'docker-content-digest': wanted.digest, 'accept-ranges': 'bytes' };
      answer.writeHead(200, { ...about, 'content-type': OCTETS, 'content-length': size }).end();
    } else if (range === 'unsatisfiable') {
      answer.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end();
    } else {
      const gone = new AbortController();
      answer.once('close', () => gone.abort());
      await passBlob({ digest: wanted.digest, blob, range }, answer, {
        ...needs,
        ledger,
        signal: gone.signal,
      });
    }
  }

  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: HEAD_MS,
      requestTimeout: HEAD_MS,
      connectionsCheckingInterval: 1000,
    },
    (request, answer) => {
      // What goes wrong from here on belongs to this one client: it left, or the run is over.
      serve(request, answer).catch(() => answer.destroy());
    },
  );
  server.maxConnections = CONNECTIONS;
  // In plain text, also to a client that speaks TLS: that is how BuildKit finds out that this address has none, and tries
  // HTTP (an engine asks for `https://127.0.0.1` first, and takes a connection that just ends for a failure).
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', () => socket.destroy());
    else socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A run that forgets its gateway ends all the same.
  server.unref();
  // Out of file descriptors, say: this client is lost, the next one may be lucky.
  server.on('error', () => undefined);
  const { port } = server.address() as AddressInfo;
  const closed = new Promise<void>((resolve) => void server.once('close', resolve));
  const close = async (): Promise<void> => {
    host.signal.removeEventListener('abort', end);
    end();
    await closed;
  };
  const end = (): void => shut(server);
  host.signal.addEventListener('abort', end, { once: true });
  if (host.signal.aborted) end();

  return {
    ref: `127.0.0.1:${port}/${secret}/cache:${GATEWAY_TAG}`,
    reached: () => reached,
    served: () => [...ledger.served],
    failures: () => [...ledger.failures],
    replace: (next) => {
      content = next;
    },
    close,
  };
}

const OCTETS = 'application/octet-stream';

function shut(server: Server): void {
  server.close();
  server.closeAllConnections();
}

function documentOf(
  { manifest, config }: DeliverableCache,
  wanted: GatewayRequest,
): DeliverableDocument | undefined {
  if (wanted.kind === 'manifest') {
    return wanted.name === GATEWAY_TAG || wanted.name === manifest.digest ? manifest : undefined;
  }
  return wanted.kind === 'blob' && wanted.digest === config.digest ? config : undefined;
}

function sendDocument(
  answer: ServerResponse,
  { body, mediaType, digest }: DeliverableDocument,
  { method }: { readonly method: string },
): void {
  const headers = {
    'content-type': mediaType,
    'content-length': body.length,
    'docker-content-digest': digest,
  };
  answer.writeHead(200, headers).end(method === 'HEAD' ? undefined : body);
}

/** What every registry says of itself, with or without a secret (distribution specification, "determining support"). */
function sendVersion(answer: ServerResponse, { method }: { readonly method: string }): void {
  const headers = { 'content-type': 'application/json', 'content-length': 2 };
  answer.writeHead(200, headers).end(method === 'HEAD' ? undefined : '{}');
}

/** Without a word about what there is; whoever asked amiss has to connect again. */
function refuseRequest(answer: ServerResponse, status: 404 | 405): void {
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {};
  answer.writeHead(status, { ...allow, connection: 'close', 'content-length': 0 }).end();
}
