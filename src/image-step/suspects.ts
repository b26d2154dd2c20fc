import type { MergedCache } from '../cache/merge.ts';
import type { BlobFailure, ServedBlob } from '../delivery/ledger.ts';
import { isDigest } from '../registry/reference.ts';

/** What the gateway saw of a build that failed. */
export interface Handed {
  readonly blobs: MergedCache['blobs'];
  readonly served: readonly ServedBlob[];
  readonly failures: readonly BlobFailure[];
}

/**
 * The donors that a failed load can be due to. Where BuildKit's words name a layer: those that the gateway saw fail at it, else those
 * that sent BuildKit elsewhere for it (only BuildKit has seen then that it was gone or damaged), else all that have it. Where they name
 * none: those that failed at a layer that nobody else gave afterwards.
 */
export function suspects(message: string, { blobs, served, failures }: Handed): ReadonlySet<string> {
  const words: readonly string[] = message.match(/sha256:[0-9a-f]{64}/g) ?? [];
  const named = words.filter(isDigest).filter((digest) => blobs.has(digest));
  if (named.length === 0) {
    const whole = served.filter(({ digest, bytes }) => bytes === blobs.get(digest)?.descriptor.size);
    const given = new Set(whole.map(({ digest }) => digest));
    return new Set(failures.filter(({ digest }) => !given.has(digest)).map(({ donor }) => donor));
  }
  return new Set(
    named.flatMap((digest) => {
      const failed = failures.filter((f) => f.digest === digest);
      const redirected = served.filter((s) => s.digest === digest && s.way === 'redirected');
      const seen = failed.length > 0 ? failed : redirected;
      return seen.length > 0 ? seen.map(({ donor }) => donor) : (blobs.get(digest)?.donors ?? []);
    }),
  );
}
