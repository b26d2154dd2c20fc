import type { CacheRecord } from './cache-graph.ts';
import { peel } from './top-down.ts';

type Shape = Pick<CacheRecord, 'digest' | 'slots'>;

/** Alternatives that two records are compared by before the search is given up; real caches need a few thousand. */
const BUDGET = 4_000_000;

/**
 * Which records mean the same cache key: those with one digest, as many slots and, in every slot, one way (selector, same
 * record) that both have. What two have in common is theirs together, and may make others the same: the answer is the fixed
 * point of that. BuildKit unites by this rule (`CacheChains.Add`, cache/remotecache/v1/chains.go).
 *
 * Answers each record's representative, by index; `undefined` where the records are so entangled that it would take more than
 * `budget` comparisons (no build makes such; a malicious file may).
 *
 * The method is congruence closure: classes under a union-find, an index from each way to the classes that can be reached by it,
 * and a list of classes that may have become the same as another. The smaller class moves, so that nothing moves often.
 */
export function sameRecords(records: readonly Shape[], budget = BUDGET): readonly number[] | undefined {
  const classes = new Classes(records, budget);
  return classes.close() ? records.map((_, at) => classes.find(at)) : undefined;
}

/** The ways of one slot: {@link Classes.way} numbers. */
type Ways = Set<number>;

class Classes {
  readonly #parent: number[];
  readonly #ways: (readonly Ways[])[];
  /** For each digest and number of slots, slot by slot: the classes that are reached by a way. */
  readonly #index: (readonly Map<number, Set<number>>[])[];
  /** Where a class is an input: class, slot, selector. */
  readonly #uses: { readonly by: number; readonly slot: number; readonly selector: number }[][];
  readonly #size: number;
  readonly #queue: number[];
  #left: number;

  constructor(records: readonly Shape[], budget: number) {
    this.#size = records.length;
    this.#left = budget;
    this.#parent = records.map((_, at) => at);
    this.#uses = records.map(() => []);
    const selectors = new Numbers();
    this.#ways = records.map(({ slots }, by) =>
      slots.map((links, slot) => {
        for (const { to, selector } of links)
          this.#uses[to]?.push({ by, slot, selector: selectors.of(selector) });
        return new Set(links.map(({ to, selector }) => this.#way(selectors.of(selector), to)));
      }),
    );
    const indices = new Map<string, readonly Map<number, Set<number>>[]>();
    this.#index = records.map(({ digest, slots }) => {
      const key = `${digest} ${slots.length}`;
      const index = indices.get(key) ?? slots.map(() => new Map<number, Set<number>>());
      indices.set(key, index);
      return index;
    });
    for (const at of records.keys()) this.#enter(at);
    this.#queue = [...peel(records.map(({ slots }) => slots.flat().map(({ to }) => to)))];
    this.#uniteRoots(records);
  }

  find(at: number): number {
    let one = at;
    for (;;) {
      const up = this.#parent[one] ?? one;
      if (up === one) return one;
      const top = this.#parent[up] ?? up;
      this.#parent[one] = top;
      one = top;
    }
  }

  /** False where the budget was too small. */
  close(): boolean {
    for (const queued of this.#queue) {
      const at = this.find(queued);
      const other = this.#sameAs(at);
      if (this.#left < 0) return false;
      if (other !== undefined) this.#unite(at, other);
    }
    return true;
  }

  #uniteRoots(records: readonly Shape[]): void {
    const roots = new Map<string, number>();
    for (const [at, { digest, slots }] of records.entries()) {
      if (slots.length > 0) continue;
      const first = roots.get(digest);
      if (first === undefined) roots.set(digest, at);
      else this.#unite(this.find(first), at);
    }
  }

  #way(selector: number, to: number): number {
    return selector * this.#size + to;
  }

  #enter(at: number): void {
    for (const [slot, ways] of this.#waysOf(at).entries()) {
      for (const way of ways) this.#reachedBy(at, slot, way).add(at);
    }
  }

  #waysOf(at: number): readonly Ways[] {
    return this.#ways[at] ?? [];
  }

  #reachedBy(at: number, slot: number, way: number): Set<number> {
    const index = this.#index[at]?.[slot];
    const classes = index?.get(way) ?? new Set<number>();
    index?.set(way, classes);
    return classes;
  }

  /** A class that is the same: looked for among those that share the slot with the fewest candidates. */
  #sameAs(at: number): number | undefined {
    let [best, fewest] = [-1, Infinity];
    for (const [slot, ways] of this.#waysOf(at).entries()) {
      let candidates = -ways.size;
      for (const way of ways) candidates += this.#reachedBy(at, slot, way).size;
      this.#left -= ways.size;
      if (candidates < fewest) [best, fewest] = [slot, candidates];
    }
    if (best < 0 || fewest === 0) return undefined;
    for (const way of this.#waysOf(at)[best] ?? []) {
      for (const other of this.#reachedBy(at, best, way)) {
        if (other !== at && this.#shareEverySlot(at, other)) return other;
        if (this.#left < 0) return undefined;
      }
    }
    return undefined;
  }

  #shareEverySlot(one: number, other: number): boolean {
    const others = this.#waysOf(other);
    return this.#waysOf(one).every((ways, slot) => {
      const theirs = others[slot] ?? new Set();
      const [small, large] = ways.size < theirs.size ? [ways, theirs] : [theirs, ways];
      for (const way of small) {
        this.#left -= 1;
        if (large.has(way)) return true;
      }
      return false;
    });
  }

  #unite(one: number, other: number): void {
    const [kept, gone] = this.#weight(one) < this.#weight(other) ? [other, one] : [one, other];
    this.#parent[gone] = kept;
    for (const [slot, ways] of this.#waysOf(gone).entries()) {
      for (const way of ways) {
        const reached = this.#reachedBy(kept, slot, way);
        reached.delete(gone);
        reached.add(kept);
        this.#waysOf(kept)[slot]?.add(way);
      }
    }
    const uses = this.#uses[gone] ?? [];
    for (const use of uses) this.#redirect(use, gone, kept);
    for (const use of uses) this.#uses[kept]?.push(use);
    this.#uses[gone] = [];
    this.#queue.push(kept);
  }

  /** A user of `gone` uses `kept`, and may have become the same as another user of it. */
  #redirect(
    use: { readonly by: number; readonly slot: number; readonly selector: number },
    gone: number,
    kept: number,
  ): void {
    const { slot, selector } = use;
    const by = this.find(use.by);
    const [before, after] = [this.#way(selector, gone), this.#way(selector, kept)];
    this.#waysOf(by)[slot]?.delete(before);
    this.#waysOf(by)[slot]?.add(after);
    this.#reachedBy(by, slot, before).delete(by);
    this.#reachedBy(by, slot, after).add(by);
    this.#queue.push(by);
  }

  #weight(at: number): number {
    return (this.#uses[at]?.length ?? 0) + this.#waysOf(at).reduce((sum, { size }) => sum + size, 0);
  }
}

/** Small numbers for texts. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }
}
