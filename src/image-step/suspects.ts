import type { MergedCache } from '../cache/merge.ts';
import type { BlobFailure } from '../delivery/ledger.ts';
import { isDigest } from '../registry/reference.ts';

/**
 * The donors that a failed load can be due to: those that the gateway saw fail, and those that have a layer which BuildKit's words
 * name. Where a layer came by a redirect, only BuildKit has seen that it was gone or damaged.
 */
export function suspects(
  message: string,
  { blobs, failures }: { readonly blobs: MergedCache['blobs']; readonly failures: readonly BlobFailure[] },
): ReadonlySet<string> {
  const named = message.match(/sha256:[0-9a-f]{64}/g) ?? [];
  const holders = named.flatMap((digest) => (isDigest(digest) ? (blobs.get(digest)?.donors ?? []) : []));
  return new Set([...failures.map(({ donor }) => donor), ...holders]);
}
