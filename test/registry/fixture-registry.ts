import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Digest } from '../../src/registry/reference.ts';

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly range: string | undefined;
  readonly body: string;
}

/** Answers a request in place of the registry; `undefined` leaves it to the registry. */
export type Interference = (seen: Seen, answer: ServerResponse) => 'answered' | undefined;

/**
 * A registry of manifests and blobs in memory: GET, HEAD and PUT of manifests with their digest, GET (ranges too) and HEAD of
 * blobs, mounts, uploads that can be begun, ended and abandoned, 404 with the specification's error codes. What it says before all that is up to
 * `interfere`, which is how tests make it ask for logins and break.
 */
export interface FixtureRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly seen: Seen[];
  interfere: Interference;
  /** Uploads begun and not abandoned. */
  readonly uploads: Set<string>;
  readonly blobs: Map<string, Uint8Array>;
  /** Mounts every blob that it is asked to mount; otherwise it begins an upload in its place. */
  mounts: boolean;
  /** Keeps a manifest under `path:tag` and its digest. */
  keep(path: string, tag: string, manifest: unknown): Digest;
  /** Keeps a BuildKit cache: manifest and config. */
  keepCache(
    path: string,
    tag: string,
    options?: { revision?: string; config?: string; size?: number },
  ): Digest;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

export async function startFixtureRegistry(): Promise<FixtureRegistry> {
  const manifests = new Map<string, { readonly mediaType: string; readonly body: Buffer }>();
  const server = createServer((request, answer) => void serve(request, answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const registry: FixtureRegistry = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    interfere: () => undefined,
    uploads: new Set(),
    blobs: new Map(),
    mounts: true,
    keep(path, tag, manifest) {
      const body = Buffer.from(typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
      return put(path, tag, { mediaType: MANIFEST, body });
    },
    keepCache(path, tag, { revision, config = `{"of":"${tag}"}`, size = config.length } = {}) {
      const digest = digestOf(Buffer.from(config));
      registry.blobs.set(digest, Buffer.from(config));
      const annotations = revision === undefined ? {} : { 'org.opencontainers.image.revision': revision };
      const mediaType = 'application/vnd.buildkit.cacheconfig.v0';
      return registry.keep(path, tag, {
        schemaVersion: 2,
        config: { mediaType, digest, size },
        layers: [],
        annotations,
      });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return registry;

  function put(path: string, tag: string, manifest: { mediaType: string; body: Buffer }): Digest {
    const digest = digestOf(manifest.body);
    manifests.set(`${path}:${tag}`, manifest);
    manifests.set(`${path}:${digest}`, manifest);
    return digest;
  }

  async function serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const body = Buffer.concat(chunks);
    const { authorization, accept, range } = headers;
    const seen = { method, path: url, authorization, accept, range, body: body.toString() };
    registry.seen.push(seen);
    if (registry.interfere(seen, answer) === 'answered') return;

    const [, path = '', kind = '', rest = ''] = /^\/v2\/(.+?)\/(manifests|blobs)\/(.*)$/.exec(url) ?? [];
    if (kind === 'manifests' && method === 'PUT') {
      const digest = put(path, rest, { mediaType: headers['content-type'] ?? '', body });
      answer.writeHead(201, { 'docker-content-digest': digest }).end();
    } else if (kind === 'manifests') {
      const manifest = manifests.get(`${path}:${rest}`);
      if (manifest === undefined) return void refuse(answer, 404, 'MANIFEST_UNKNOWN');
      const length = manifest.body.length;
      answer
        .writeHead(200, {
          'content-type': manifest.mediaType,
          'content-length': length,
          'docker-content-digest': digestOf(manifest.body),
        })
        .end(method === 'HEAD' ? '' : manifest.body);
    } else if (rest.startsWith('uploads/?mount=') && method === 'POST' && registry.mounts) {
      answer.writeHead(201).end();
    } else if (rest.startsWith('uploads/') && method === 'PUT') {
      const [upload = '', digest = ''] = url.split('&digest=');
      registry.uploads.delete(upload);
      registry.blobs.set(decodeURIComponent(digest), body);
      answer.writeHead(201).end();
    } else if (/^uploads\/(?:\?mount=.*)?$/.test(rest) && method === 'POST') {
      const upload = `/v2/${path}/blobs/uploads/${registry.seen.length}?_state=s`;
      registry.uploads.add(upload);
      answer.writeHead(202, { location: upload }).end();
    } else if (method === 'DELETE') {
      answer.writeHead(registry.uploads.delete(url) ? 204 : 404).end();
    } else {
      const blob = registry.blobs.get(rest);
      if (blob === undefined) return void refuse(answer, 404, 'BLOB_UNKNOWN');
      const [, from] = /^bytes=(\d+)-$/.exec(range ?? '') ?? [];
      const start = Number(from ?? 0);
      const of = `bytes ${start}-${blob.length - 1}/${blob.length}`;
      answer
        .writeHead(from === undefined ? 200 : 206, {
          'content-length': blob.length - start,
          ...(from === undefined ? {} : { 'content-range': of }),
        })
        .end(method === 'HEAD' ? '' : blob.subarray(start));
    }
  }
}

/** An error as registries write it. */
export function refuse(
  answer: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): 'answered' {
  answer
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify({ errors: [{ code, message: `said ${code}` }] }));
  return 'answered';
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
