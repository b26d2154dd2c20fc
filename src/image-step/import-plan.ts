import type { Source } from '../cache/chain.ts';
import { type Donor, type MergedCache, mergeCaches } from '../cache/merge.ts';
import { chooseDelivery, type Delivery, type DeliveryFacts } from '../delivery/choose-delivery.ts';
import type { Warning } from '../platform/events.ts';
import { type Reference, referenceName, type Repository } from '../registry/reference.ts';

/** Where the layers of a build come from. */
export type ImportPlan =
  /** One cache made of all donors, for all targets of the build. */
  | {
      readonly way: 'gateway' | 'registry';
      /** Why this way. */
      readonly because: string;
      /** What is tried where it turns out not to work. */
      readonly order: readonly Delivery[];
      readonly donors: readonly Donor[];
      /** Where each donor's layers lie, by its id. */
      readonly places: ReadonlyMap<string, Repository>;
      readonly merged: MergedCache;
    }
  /** One donor a target, its closest; targets are built one after another. */
  | { readonly way: 'single'; readonly because: string }
  | { readonly way: 'none'; readonly because: string };

/** What {@link planImport} decides from. */
export interface ImportFacts {
  /** The sources of every target of the build. */
  readonly sources: readonly Source[];
  readonly donors: readonly Donor[];
  readonly delivery: DeliveryFacts;
}

/**
 * Decides how the donors reach BuildKit. Never two of them side by side: BuildKit follows one of several sources at random below a
 * record that they share (moby/buildkit#6418).
 */
export function planImport({ sources, donors, delivery }: ImportFacts): ImportPlan {
  if (sources.some(({ state }) => state === 'unprobed')) {
    return { way: 'single', because: 'the registry was not asked' };
  }
  const distinct = [...new Map(donors.map((donor) => [donor.id, donor])).values()];
  if (distinct.length === 0) return { way: 'none', because: 'no cache was found' };
  const { order, because } = chooseDelivery(delivery);
  const [way] = order;
  if (way === 'single') return { way, because };
  const merged = mergeCaches(distinct);
  if (merged === undefined) {
    return { way: 'single', because: 'no cache could be read' };
  }
  return { way, because, order, donors: distinct, places: placesOf(sources), merged };
}

/** Repositories of found sources by the names of their refs. */
export function placesOf(sources: readonly Pick<Source, 'ref'>[]): ReadonlyMap<string, Repository> {
  return new Map(sources.map(({ ref }) => [referenceName(ref), { host: ref.host, path: ref.path }]));
}

/** The plan's line: `merged from 3 caches (36 records), gateway: the engine is on this machine`. */
export function importText(plan: ImportPlan): string {
  switch (plan.way) {
    case 'none':
      return `nothing: ${plan.because}`;
    case 'single':
      return `the closest cache alone: ${plan.because}`;
    case 'gateway':
    case 'registry': {
      const { used, records, leftOut } = plan.merged;
      const caches = used.length === 1 ? '1 cache' : `${used.length} caches, merged`;
      const without = leftOut.length === 0 ? '' : `, ${leftOut.length} left out`;
      return `${caches} (${records} records${without}), by ${plan.way}: ${plan.because}`;
    }
  }
}

/** What a source differs from this checkout: number of files, where git can tell. */
export type Differences = ReadonlyMap<string, number>;

/**
 * The one source to import where only one can be: this commit's own, else the one whose commit differs from the checkout in the
 * fewest files (`differences`, by commit), else the first of those that are found. Where nobody was asked, the trusted branch's,
 * which most likely exists.
 */
export function closestSource(
  sources: readonly Source[],
  differences: Differences = new Map(),
): Reference | undefined {
  const found = sources.filter(({ state }) => state === 'found');
  const unprobed = sources.find(({ state, role }) => state === 'unprobed' && role === 'main');
  const own = found.find(({ role }) => role === 'commit');
  const distance = ({ revision }: Source): number =>
    differences.get(revision ?? '') ?? Number.POSITIVE_INFINITY;
  const [nearest] = found.toSorted((a, b) => (distance(a) === distance(b) ? 0 : distance(a) - distance(b)));
  return (own ?? nearest ?? unprobed)?.ref;
}

/** The source that stands for all in a definition that outlives the build; a CSV entry of `cache-from`, or none. */
export function closestEntry(targets: readonly { readonly sources: readonly Source[] }[]): readonly string[] {
  const ref = closestSource(targets.flatMap(({ sources }) => sources));
  return ref === undefined ? [] : [`type=registry,ref=${referenceName(ref)}`];
}

/** Donors that the merge could not take, one warning each. */
export function importWarnings(plan: ImportPlan): readonly Warning[] {
  if (plan.way !== 'gateway' && plan.way !== 'registry') return [];
  return plan.merged.leftOut.map(({ id, because }) => ({
    code: 'cache-not-merged',
    message: `not imported: ${id}: ${because}`,
  }));
}
