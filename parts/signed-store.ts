import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Running } from './part.ts';

/** A registry that keeps its blobs elsewhere, as ECR does on S3: its answer to a GET is a signed address. */
export interface SignedStore {
  /** `127.0.0.1:PORT`: to be used in references in place of the registry's. */
  readonly host: string;
  /** Every GET of a blob at the place that keeps them, with the status and the bytes that went back. */
  readonly fetched: readonly { readonly digest: string; readonly status: number; readonly bytes: number }[];
  /** Every signature that was given out. */
  readonly signatures: readonly string[];
  /** Signatures for these blobs do not count any more when somebody comes with them: 403. */
  expire: (isExpired: (digest: string, repository: string) => boolean) => void;
}

/** Starts one in front of `target` (`127.0.0.1:PORT`, plain HTTP). */
export async function startSignedStore(target: string): Promise<SignedStore & Running> {
  const fetched: { digest: string; status: number; bytes: number }[] = [];
  const signatures: string[] = [];
  const addresses = new Map<string, { readonly repository: string; readonly digest: string }>();
  let expired: (digest: string, repository: string) => boolean = () => false;

  const store = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '', 'http://store');
    const known = addresses.get(url.searchParams.get('X-Amz-Signature') ?? '');
    const refuse = (status: number): void => {
      fetched.push({ digest: url.pathname.slice(1), status, bytes: 0 });
      outgoing.writeHead(status, { 'content-type': 'application/xml' }).end('<Error/>');
    };
    if (known === undefined || url.pathname !== `/${known.digest}`) return refuse(403);
    // S3 takes one way to sign only.
    if (incoming.headers.authorization !== undefined) return refuse(400);
    if (expired(known.digest, known.repository)) return refuse(403);
    const path = `/v2/${known.repository}/blobs/${known.digest}`;
    pass(target, { incoming, outgoing, path }, ({ status, bytes }) => {
      fetched.push({ digest: known.digest, status, bytes });
    });
  }).listen(0, '127.0.0.1');
  await once(store, 'listening');
  const place = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;

  const registry = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    const [, repository, digest] = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path) ?? [];
    if (incoming.method !== 'GET' || repository === undefined || digest === undefined) {
      return pass(target, { incoming, outgoing, path });
    }
    const signature = randomBytes(32).toString('hex');
    signatures.push(signature);
    addresses.set(signature, { repository, digest });
    const location = `${place}/${digest}?X-Amz-Expires=3600&X-Amz-Signature=${signature}`;
    outgoing.writeHead(307, { location, 'content-length': 0 }).end();
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');

  return {
    host: `127.0.0.1:${(registry.address() as AddressInfo).port}`,
    fetched,
    signatures,
    expire: (isExpired) => {
      expired = isExpired;
    },
    stop: async () => {
      await Promise.all([store, registry].map(stop));
    },
  };
}

function pass(
  target: string,
  { incoming, outgoing, path }: { incoming: IncomingMessage; outgoing: ServerResponse; path: string },
  done: (end: { readonly status: number; readonly bytes: number }) => void = () => undefined,
): void {
  const [hostname, port] = target.split(':');
  const { method, headers } = incoming;
  const upstream = request({ hostname, port, method, path, headers }, (answer) => {
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
    answer.once('end', () => done({ status: answer.statusCode ?? 502, bytes }));
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  upstream.on('error', () => outgoing.destroy());
  outgoing.once('close', () => upstream.destroy());
  incoming.pipe(upstream);
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}
