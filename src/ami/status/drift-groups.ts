import type { Drift } from './drift.ts';

/** Drift of several stacks that is alike, told once. */
export interface DriftGroup {
  readonly alarming: boolean;
  readonly message: string;
  readonly fix?: string;
}

/** Stacks that are named of a group. */
const NAMED = 3;

/** Puts together what is alike, what alarms first; the order is else that of the list. */
export function driftGroups(drift: readonly Drift[]): readonly DriftGroup[] {
  const groups = new Map<string, Drift[]>();
  for (const one of drift) {
    const key = JSON.stringify([one.alarming, one.kind, one.alike?.what ?? one.message, one.alike?.fix]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map(groupOf).toSorted((a, b) => Number(b.alarming) - Number(a.alarming));
}

function groupOf(alike: readonly Drift[]): DriftGroup {
  const [first] = alike;
  if (first === undefined) throw new Error('a group without members');
  const { alarming, message, fix, alike: shared } = first;
  if (alike.length === 1 || shared === undefined)
    return { alarming, message, ...(fix === undefined ? {} : { fix }) };
  const names = alike.flatMap(({ stack }) => stack ?? []);
  return {
    alarming,
    message: `${alike.length} stacks ${shared.what}: ${namesText(names)}`,
    ...(shared.fix === undefined ? {} : { fix: shared.fix }),
  };
}

/** `a, b, c and 11 more`. */
function namesText(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 1 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ');
}
