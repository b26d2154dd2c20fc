import type { Host } from '../platform/host.ts';
import type { HttpHeaders } from '../platform/http.ts';
import { askBlobStream, type OpenedBlob } from './blob-stream.ts';
import type { Credentials } from './credentials.ts';
import { digestOf } from './digest.ts';
import type { Access } from './grants.ts';
import { ACCEPT_MANIFESTS } from './media-types.ts';
import { askPushRight, type PushRight } from './push-right.ts';
import { type Digest, isDigest, type Reference, type Repository } from './reference.ts';
import type { Missing, Oversized, Refusal } from './refusal.ts';
import { createTransport, type RegistryOutcome, type Patience } from './transport.ts';
import { askMount, type MountOutcome, putSmallBlob } from './upload.ts';

/** A manifest by tag or by digest. */
export type ManifestName = Reference | (Repository & { readonly digest: Digest });

/** A manifest as the registry keeps it. */
export interface Manifest {
  readonly mediaType: string;
  readonly body: Uint8Array;
}

/** What a registry said to a question; every answer that can be expected is a value. */
export type Found<T> = ({ readonly state: 'found' } & T) | Missing | Refusal;

/** How much of a body a reader takes. */
export interface Bound {
  /** Bytes; more is `oversized`. */
  readonly limit: number;
}

/**
 * The few verbs of the OCI distribution API that caches and images need. Transient refusals are asked again within the caller's
 * {@link Patience}. Rejects only with the reason of an aborted signal.
 */
export interface Registry {
  /** The manifest, its digest checked; by default up to 4 MiB, what registries accept. */
  manifest(
    name: ManifestName,
    options?: Patience & Partial<Bound>,
  ): Promise<Found<Manifest & { readonly digest: Digest }> | Oversized>;
  /** Whether the manifest is there, and which. */
  head(name: ManifestName, options?: Patience): Promise<Found<{ readonly digest: Digest }>>;
  /** A blob, its digest checked. */
  blob(
    repository: Repository,
    digest: Digest,
    options: Patience & Bound,
  ): Promise<Found<{ readonly body: Uint8Array }> | Oversized>;
  /** Opens a blob to be passed on: unread, its digest unchecked. See {@link askBlobStream}. */
  openBlob(
    repository: Repository,
    digest: Digest,
    options?: Patience & { readonly range?: string | undefined },
  ): Promise<OpenedBlob>;
  /** Makes a blob of `from` one of `target` without moving it, where the registry can; see {@link askMount}. */
  mountBlob(
    mount: { readonly target: Repository; readonly digest: Digest; readonly from: Repository },
    options?: Patience,
  ): Promise<MountOutcome>;
  /** Puts a small blob: a config. `missing`: there is no such repository. */
  putBlob(
    repository: Repository,
    body: Uint8Array,
    options?: Patience,
  ): Promise<{ readonly state: 'written'; readonly digest: Digest } | Missing | Refusal>;
  /** Writes a manifest under a tag, or under its digest alone. `missing`: there is no such repository. */
  putManifest(
    name: ManifestName,
    manifest: { readonly mediaType: string; readonly body: string | Uint8Array },
    options?: Patience,
  ): Promise<{ readonly state: 'written'; readonly digest: Digest } | Missing | Refusal>;
  /** Begins an upload and abandons it: nothing stays. */
  canPush(repository: Repository, options?: Patience): Promise<PushRight>;
}

const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** A client for all registries of a run. */
export function createRegistry(host: Host, credentials: Credentials): Registry {
  const ask = createTransport(host, credentials);

  const registry: Registry = {
    async manifest(name, { limit = MANIFEST_LIMIT, ...patience } = {}) {
      const question = { ...manifestAt(name, 'pull'), method: 'GET', headers: ACCEPT, limit } as const;
      const outcome = await ask(question, patience);
      if (outcome.state === 'oversized') return { ...outcome, because: `manifest of ${outcome.because}` };
      if (outcome.state !== 'answered') return outcome;
      const { headers, body } = outcome;
      const promised = 'digest' in name ? name.digest : promisedDigest(headers);
      const digest = digestOf(body);
      if (promised !== undefined && promised !== digest) return spoiled('manifest', promised);
      return { state: 'found', mediaType: mediaTypeOf(headers), digest, body };
    },

    async head(name, patience) {
      const question = { ...manifestAt(name, 'pull'), method: 'HEAD', headers: ACCEPT } as const;
      const outcome = await ask(question, patience);
      if (outcome.state !== 'answered') return unbounded(outcome);
      const digest = promisedDigest(outcome.headers);
      if (digest !== undefined) return { state: 'found', digest };
      // The header is optional in the specification; the body tells.
      const read = await registry.manifest(name, patience);
      return read.state === 'found' ? { state: 'found', digest: read.digest } : unbounded(read);
    },

    async blob(repository, digest, { limit, ...patience }) {
      const outcome = await ask({ ...blobAt(repository, digest), method: 'GET', limit }, patience);
      if (outcome.state === 'oversized') return { ...outcome, because: `blob of ${outcome.because}` };
      if (outcome.state !== 'answered') return outcome;
      const { body } = outcome;
      return digestOf(body) === digest ? { state: 'found', body } : spoiled('blob', digest);
    },

    openBlob: async (repository, digest, { range, ...patience } = {}) =>
      await askBlobStream(ask, { repository, digest, range }, { patience }),

    mountBlob: async (mount, patience = {}) => await askMount(ask, mount, { patience }),

    putBlob: async (repository, body, patience = {}) =>
      await putSmallBlob(ask, { repository, body }, { patience }),

    async putManifest(name, { mediaType, body }, patience) {
      const headers = { 'content-type': mediaType };
      const question = { ...manifestAt(name, 'pull,push'), method: 'PUT', headers, body } as const;
      const outcome = await ask(question, patience);
      if (outcome.state !== 'answered') return unbounded(outcome);
      const digest = digestOf(Buffer.from(body));
      const stored = promisedDigest(outcome.headers) ?? digest;
      return stored === digest ? { state: 'written', digest } : spoiled('manifest', stored);
    },

    canPush: (repository, patience = {}) => askPushRight(ask, repository, { patience }),
  };
  return registry;
}

const ACCEPT = { accept: ACCEPT_MANIFESTS };

function manifestAt(name: ManifestName, actions: Access['actions']) {
  const { host, path } = name;
  const target = `/v2/${path}/manifests/${'digest' in name ? name.digest : name.tag}`;
  return { access: { host, path, actions }, target };
}

function blobAt({ host, path }: Repository, digest: Digest) {
  return { access: { host, path, actions: 'pull' }, target: `/v2/${path}/blobs/${digest}` } as const;
}

function mediaTypeOf(headers: HttpHeaders): string {
  return headers.get('content-type')?.split(';', 1)[0]?.trim() ?? '';
}

function promisedDigest(headers: HttpHeaders): Digest | undefined {
  const digest = headers.get('docker-content-digest');
  return digest !== null && isDigest(digest) ? digest : undefined;
}

function spoiled(what: string, digest: Digest): Refusal {
  return { state: 'failed', because: `${what} does not match its digest ${digest}` };
}

/** Where answers are small by nature, a large one is a broken one. */
function unbounded(outcome: Exclude<RegistryOutcome, { state: 'answered' }>): Missing | Refusal {
  return outcome.state === 'oversized'
    ? { state: 'failed', because: `answer of ${outcome.because}` }
    : outcome;
}
