import type { Digest } from '../../registry/reference.ts';

/** One way to reach a record through a slot: the record that the slot's input must have, seen through a selector. */
export interface Link {
  /** Index in the list of records. */
  readonly to: number;
  /** What of the input is looked at; empty for all of it. */
  readonly selector: string;
}

/** What a record's step gave: layers, and when. */
export interface Outcome {
  /**
   * `layer`: the layer at the index, with its parents. `chain`: the layers at the indices, without parents, from the lowest up.
   * BuildKit writes the second only into images (inline cache), and reads both everywhere.
   */
  readonly layers: { readonly layer: number } | { readonly chain: readonly number[] };
  /** RFC 3339. */
  readonly createdAt: string;
}

/** A cache key of BuildKit: a step, given its inputs. */
export interface CacheRecord {
  readonly digest: Digest;
  /** Slot by slot, the ways through which it is reached. Every slot has one at least; a record without slots is a root. */
  readonly slots: readonly (readonly Link[])[];
  readonly outcomes: readonly Outcome[];
}

/** A layer of a file system. */
export interface CacheLayer {
  readonly blob: Digest;
  /** Index in the list of layers; `undefined` for the lowest one. */
  readonly parent: number | undefined;
}

/** What a cache config says (`application/vnd.buildkit.cacheconfig.v0`; BuildKit: cache/remotecache/v1/doc.go, spec.go). */
export interface CacheGraph {
  readonly layers: readonly CacheLayer[];
  readonly records: readonly CacheRecord[];
}
