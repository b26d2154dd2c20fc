import type { Digest } from '../registry/reference.ts';

/** A layer of a merged cache and who has it. */
export interface DonatedBlob {
  readonly descriptor: { readonly mediaType: string; readonly size: number };
  /** Ids of donors, the one to ask first in front. */
  readonly donors: readonly string[];
}

/** A config or a manifest, byte for byte. */
export interface DeliverableDocument {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly body: Uint8Array;
}

/** What delivery needs of a merged cache. */
export interface DeliverableCache {
  readonly config: DeliverableDocument;
  readonly manifest: DeliverableDocument;
  /** Every layer that the manifest names. */
  readonly blobs: ReadonlyMap<Digest, DonatedBlob>;
}
