import type { Role } from '../refs/candidate.ts';
import type { Digest, Reference } from '../registry/reference.ts';

/** What the registry said about one ref. */
export type SourceAnswer =
  | { readonly state: 'found'; readonly digest: Digest; readonly revision?: string }
  | { readonly state: 'missing' }
  | {
      readonly state: 'denied' | 'throttled' | 'failed' | 'oversized';
      /** One phrase for people: `401 Unauthorized`, `no answer within 3 s`, `cache config of 1.4 MB, limit 1 MiB`. */
      readonly because: string;
    };

/** `found` is imported; everything else is dropped, with its reason. */
export type SourceState = SourceAnswer['state'] | 'duplicate' | 'surplus' | 'unprobed';

/** A candidate with its fate. `unprobed` ones (`--offline`) are imported as they are. */
export interface Source {
  readonly role: Role;
  readonly ref: Reference;
  readonly state: SourceState;
  readonly because?: string;
  readonly digest?: Digest;
}

/** The sources of one target, in order; see {@link imported}. */
export interface Chain {
  readonly sources: readonly Source[];
}

/** The refs that the build imports. */
export function imported(chain: Chain): readonly Reference[] {
  return chain.sources.filter((s) => s.state === 'found' || s.state === 'unprobed').map((s) => s.ref);
}
