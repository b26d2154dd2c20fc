import type { CommitSha } from '../ci/commit-sha.ts';
import type { Role } from '../refs/candidate.ts';
import type { Digest, Reference } from '../registry/reference.ts';
import type { FoundCacheManifest } from './cache-manifest.ts';

/** What the registry said about one ref. */
export type SourceAnswer =
  | {
      readonly state: 'found';
      readonly digest: Digest;
      readonly manifest: FoundCacheManifest;
      /** What the manifest names as its config. */
      readonly config: Uint8Array;
    }
  | { readonly state: 'missing' }
  | {
      readonly state: 'denied' | 'throttled' | 'failed' | 'oversized';
      /** One phrase for people: `401 Unauthorized`, `no answer within 3 s`, `cache config of 1.4 MB, limit 1 MiB`. */
      readonly because: string;
      /** It was asked, and the answer did not come in time: not that nobody could ask it. */
      readonly silent?: true;
    };

/** `found` is a donor; everything else is dropped, with its reason. */
export type SourceState = SourceAnswer['state'] | 'duplicate' | 'surplus' | 'unprobed';

/** A candidate with its fate. */
export interface Source {
  readonly role: Role;
  readonly ref: Reference;
  readonly state: SourceState;
  readonly because?: string;
  readonly digest?: Digest;
  /** The commit that it is marked with. */
  readonly revision?: CommitSha;
}
