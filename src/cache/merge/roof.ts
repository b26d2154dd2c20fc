import { digestOf } from '../../registry/digest.ts';
import type { Digest } from '../../registry/reference.ts';
import type { CacheGraph, CacheRecord } from './cache-graph.ts';

/**
 * A cache with more than one leaf (record that is nobody's input) loses links at random in BuildKit 0.25 to 0.32 (`visited` in
 * `addItemToStorage`, cache/remotecache/v1/cachestorage.go: the walk from the second leaf forgets what the first one stored).
 * The roof is one record over all leaves, with a digest that no step has and without a result: nothing looks for it, and the one
 * walk from it meets every record once.
 */
export function roofOver({ records }: CacheGraph): CacheRecord | undefined {
  const leaves = leavesOf(records);
  if (leaves.length < 2) return undefined;
  return {
    digest: roofDigest(leaves.map((at) => records[at]?.digest)),
    slots: leaves.map((to) => [{ to, selector: '' }]),
    outcomes: [],
  };
}

/** The records without the roof that an earlier merge or export put over them, so that roofs do not pile up. */
export function withoutRoof(records: readonly CacheRecord[]): readonly CacheRecord[] {
  const roof = leavesOf(records).find((at) => isRoof(records, records[at]));
  if (roof === undefined) return records;
  const shift = (to: number): number => (to > roof ? to - 1 : to);
  return records
    .filter((_, at) => at !== roof)
    .map((record) => ({
      ...record,
      slots: record.slots.map((links) => links.map((link) => ({ ...link, to: shift(link.to) }))),
    }));
}

/** Indices of the records that are nobody's input. */
export function leavesOf(records: readonly Pick<CacheRecord, 'slots'>[]): readonly number[] {
  const inputs = new Set(records.flatMap(({ slots }) => slots.flat().map(({ to }) => to)));
  return [...records.keys()].filter((at) => !inputs.has(at));
}

function isRoof(records: readonly CacheRecord[], record: CacheRecord | undefined): boolean {
  if (record === undefined || record.outcomes.length > 0 || record.slots.length < 2) return false;
  return record.digest === roofDigest(record.slots.flat().map(({ to }) => records[to]?.digest));
}

function roofDigest(leaves: readonly (Digest | undefined)[]): Digest {
  return digestOf(new TextEncoder().encode(['roof over', ...leaves.map(String).toSorted()].join('\n')));
}
