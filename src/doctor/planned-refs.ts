import type { Source } from '../cache/chain.ts';
import type { OutlinedTarget } from '../image-step/outline.ts';
import type { TargetPlan, Writes } from '../image-step/target-plan.ts';
import { type Reference, type Repository, referenceName, repositoryName } from '../registry/reference.ts';

/** The refs that a build here would read and write, each once. */
export interface PlannedRefs {
  /** Cache sources that it would ask for. */
  readonly reads: readonly Pick<Source, 'role' | 'ref'>[];
  /** Tags that its images get, at once or later. */
  readonly images: readonly Reference[];
  /** Refs that its cache gets, at once or later. */
  readonly caches: readonly Reference[];
}

/** The refs of a plan that asked nobody. */
export function refsOfPlan(targets: readonly TargetPlan[]): PlannedRefs {
  return refsOf(targets.map((target) => ({ writes: target, reads: target.sources })));
}

/** The same of an outline, where there is no plan: of the targets as they are configured. */
export function refsOfOutline(targets: readonly OutlinedTarget[]): PlannedRefs {
  return refsOf(targets.map(({ writes, candidates }) => ({ writes, reads: candidates })));
}

function refsOf(
  targets: readonly {
    readonly writes: Pick<Writes, 'tags' | 'exportTo' | 'promotions'>;
    readonly reads: PlannedRefs['reads'];
  }[],
): PlannedRefs {
  const promoted = (what: 'image' | 'cache') =>
    targets.flatMap(({ writes }) => writes.promotions.filter((p) => p.what === what).map(({ to }) => to));
  const reads = targets.flatMap((target) => target.reads).map(({ role, ref }) => ({ role, ref }));
  return {
    reads: [...new Map(reads.map((read) => [referenceName(read.ref), read])).values()],
    images: once([...targets.flatMap(({ writes }) => writes.tags), ...promoted('image')]),
    caches: once([...targets.flatMap(({ writes }) => writes.exportTo), ...promoted('cache')]),
  };
}

function once(refs: readonly Reference[]): readonly Reference[] {
  return [...new Map(refs.map((ref) => [referenceName(ref), ref])).values()];
}

/** The repositories of refs, each once. */
export function repositoriesOf(refs: readonly Reference[]): readonly Repository[] {
  return [...new Map(refs.map(({ host, path }) => [`${host}/${path}`, { host, path }])).values()];
}

/** Names of all repositories that are read or written. */
export function repositoryNames({ reads, images, caches }: PlannedRefs): readonly string[] {
  return repositoriesOf([...images, ...caches, ...reads.map(({ ref }) => ref)]).map(repositoryName);
}

/** Two repositories of one registry between which layers would be mounted. */
export interface MountWay {
  readonly from: Repository;
  readonly to: Repository;
}

/** The ways that layers of found caches would take into the repositories that are written. */
export function mountWays(found: readonly Reference[], { images, caches }: PlannedRefs): readonly MountWay[] {
  return repositoriesOf(found).flatMap((from) =>
    repositoriesOf([...caches, ...images])
      .filter((to) => to.host === from.host && repositoryName(to) !== repositoryName(from))
      .map((to) => ({ from, to })),
  );
}
