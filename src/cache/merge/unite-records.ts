import type { CacheGraph, CacheRecord, Link, Outcome } from './cache-graph.ts';
import { compareCreatedAt } from './created-at.ts';
import { peel } from './top-down.ts';

/**
 * One record for each set of the same ones, with all ways and all outcomes of its members. `representatives` is from `sameRecords`.
 * No loops: where two donors know a step by keys that depend on each other the other way round, the ways that close the loop go
 * (BuildKit's importer drops them as well), and every slot keeps one at least.
 */
export function uniteRecords(graph: CacheGraph, representatives: readonly number[]): CacheGraph {
  const numbers = new Map([...new Set(representatives)].map((at, number) => [at, number]));
  const classOf = (at: number): number => numbers.get(representatives[at] ?? at) ?? at;
  const members = graph.records.map(({ slots, ...record }, at) => ({
    ...record,
    class: classOf(at),
    slots: slots.map((links) => links.map(({ to, selector }) => ({ to: classOf(to), selector }))),
  }));
  const records: {
    digest: CacheRecord['digest'];
    slots: Map<string, Link>[];
    outcomes: Map<string, Outcome>;
  }[] = [];
  for (const member of members) {
    const united = (records[member.class] ??= {
      digest: member.digest,
      slots: member.slots.map(() => new Map<string, Link>()),
      outcomes: new Map<string, Outcome>(),
    });
    for (const [slot, links] of member.slots.entries()) {
      for (const link of links) united.slots[slot]?.set(`${link.to} ${link.selector}`, link);
    }
    for (const outcome of member.outcomes) keepNewest(united.outcomes, outcome);
  }
  const whole = records.map(({ digest, slots, outcomes }) => ({
    digest,
    slots: slots.map((links) => [...links.values()]),
    outcomes: [...outcomes.values()],
  }));
  return { layers: graph.layers, records: withoutLoops(whole, members) };
}

/** Of outcomes with the same layers the newest is enough: BuildKit takes the newest of a record. */
function keepNewest(outcomes: Map<string, Outcome>, outcome: Outcome): void {
  const key = JSON.stringify(outcome.layers);
  const known = outcomes.get(key);
  if (known === undefined || isNewer(outcome, known)) outcomes.set(key, outcome);
}

function isNewer({ createdAt: one }: Outcome, { createdAt: other }: Outcome): boolean {
  const order = compareCreatedAt(one, other);
  return order > 0 || (order === 0 && one > other);
}

type Member = Pick<CacheRecord, 'slots'> & { readonly class: number };

function withoutLoops(records: readonly CacheRecord[], members: readonly Member[]): readonly CacheRecord[] {
  const looping = loopingAmong(records);
  if (looping.size === 0) return records;
  const rank = ranks(members);
  const isKept = (at: number, { to }: Link): boolean =>
    !looping.has(at) || !looping.has(to) || (rank.get(to) ?? 0) < (rank.get(at) ?? 0);
  return records.map((record, at) => ({
    ...record,
    slots: record.slots.map((links) => links.filter((link) => isKept(at, link))),
  }));
}

/** The records in loops, and those between two loops. */
function loopingAmong(records: readonly CacheRecord[]): ReadonlySet<number> {
  const inputs = records.map(({ slots }) => slots.flat().map(({ to }) => to));
  const uses: number[][] = records.map(() => []);
  for (const [at, those] of inputs.entries()) for (const to of those) uses[to]?.push(at);
  const clear = new Set([...peel(inputs), ...peel(uses)]);
  return new Set([...records.keys()].filter((at) => !clear.has(at)));
}

/**
 * How many steps each class is away from the roots, by its shortest member. Every class has a member all of whose ways lead to
 * lower ones (donors have no loops), so that the ways that lead down are never all gone from a slot.
 */
function ranks(members: readonly Member[]): ReadonlyMap<number, number> {
  const rank = new Map<number, number>();
  const users = new Map<number, Member[]>();
  const missing = new Map<Member, number>();
  const order: number[] = [];
  const reach = (at: number, steps: number): void => {
    if (rank.has(at)) return;
    rank.set(at, steps);
    order.push(at);
  };
  for (const member of members) {
    const inputs = new Set(member.slots.flat().map(({ to }) => to));
    missing.set(member, inputs.size);
    for (const to of inputs) {
      const known = users.get(to);
      if (known === undefined) users.set(to, [member]);
      else known.push(member);
    }
    if (inputs.size === 0) reach(member.class, 0);
  }
  for (const at of order) {
    for (const member of users.get(at) ?? []) {
      const left = (missing.get(member) ?? 0) - 1;
      missing.set(member, left);
      if (left === 0) reach(member.class, (rank.get(at) ?? 0) + 1);
    }
  }
  return rank;
}
