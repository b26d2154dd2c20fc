import type { Digest } from '../registry/reference.ts';

/** A blob that was handed out, wholly or from some byte on. */
export interface ServedBlob {
  readonly digest: Digest;
  /** Id of the donor whose registry had it. */
  readonly donor: string;
  /** Of this answer; of a redirected one what it comes to, since they pass elsewhere. */
  readonly bytes: number;
  readonly way: 'redirected' | 'piped';
  /** From the request to the last byte, or to the redirect. */
  readonly seconds: number;
}

/** A blob that a donor said to have and did not give. */
export interface BlobFailure {
  readonly digest: Digest;
  readonly donor: string;
  /** One phrase for people. */
  readonly because: string;
}

/** What donors gave and did not give. Grows only. */
export interface Ledger {
  readonly served: ServedBlob[];
  readonly failures: BlobFailure[];
  /** Layers that nobody gave when they were asked for, and that somebody may have had later. */
  readonly deferred: Set<Digest>;
}

/** An empty one. */
export function openLedger(): Ledger {
  return { served: [], failures: [], deferred: new Set() };
}

/**
 * The order in which donors are asked for a blob: as given, but those that sent the client elsewhere with it come later (it
 * would not ask again if it had got it there), those that failed at another layer later (one that says nothing would hold up
 * every layer), and those that failed at this one last.
 */
export function donorsInOrder(
  digest: Digest,
  donors: readonly string[],
  { served, failures }: Pick<Ledger, 'served' | 'failures'>,
): readonly string[] {
  const failed = new Set(failures.filter((f) => f.digest === digest).map((f) => f.donor));
  const redirected = new Set(
    served.filter((s) => s.digest === digest && s.way === 'redirected').map((s) => s.donor),
  );
  const weak = new Set(failures.map((f) => f.donor));
  const rank = (donor: string): number =>
    Number(failed.has(donor)) * 4 + Number(weak.has(donor)) * 2 + Number(redirected.has(donor));
  return donors.toSorted((a, b) => rank(a) - rank(b));
}
