/** What `warmbake plan --json` says, as far as it is read here. */
export interface Planned {
  readonly targets: readonly PlannedTarget[];
  readonly definition: { readonly target: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

interface PlannedTarget {
  readonly name: string;
  readonly lane: string;
  readonly tags: readonly string[];
  readonly cacheFrom: readonly { readonly role: string; readonly ref: string }[];
  readonly cacheTo: readonly { readonly ref: string; readonly attributes: string }[];
  readonly promote: readonly { readonly what: 'image' | 'cache'; readonly to: string }[];
}

/** A way to keep what was built. */
export interface Contender {
  readonly name: string;
  /** The builder keeps its store from build to build. */
  readonly keepsStore?: true;
  /** What it puts in place of the planned keys of a target; absent where the tool itself builds. */
  readonly keys?: (target: PlannedTarget, all: readonly PlannedTarget[]) => CacheKeys;
}

interface CacheKeys {
  readonly tags: readonly string[];
  readonly 'cache-from': readonly string[];
  readonly 'cache-to': readonly string[];
}

const from = (refs: readonly string[]): readonly string[] =>
  [...new Set(refs)].map((ref) => `type=registry,ref=${ref}`);

const nowhere = ({ tags }: PlannedTarget): CacheKeys => ({ tags, 'cache-from': [], 'cache-to': [] });

/** The names that the cache gets besides its commit: `latest` or the pull request's. */
const names = ({ promote }: PlannedTarget): readonly string[] =>
  promote.flatMap(({ what, to }) => (what === 'cache' ? to : []));

const exported = (target: PlannedTarget, refs: readonly string[]): readonly string[] =>
  refs.map((ref) => `type=registry,ref=${ref},${target.cacheTo[0]?.attributes ?? 'mode=max'}`);

/** Builds everything each time. */
export const NO_CACHE: Contender = { name: 'no cache', keys: nowhere };

/** Every contender has the same definition, builder and images to push; they differ in these keys only. Ours is the first. */
export const CONTENDERS = [
  { name: 'warmbake' },
  NO_CACHE,
  {
    name: 'main only',
    keys: (target, all) => ({
      tags: target.tags,
      'cache-from': from(sourcesOf(all).flatMap(({ role, ref }) => (role === 'main' ? ref : []))),
      'cache-to': exported(
        target,
        names(target).filter((ref) => ref.includes('/cache-main:')),
      ),
    }),
  },
  {
    name: 'several refs',
    keys: (target, all) => ({
      tags: target.tags,
      'cache-from': from(sourcesOf(all).map(({ ref }) => ref)),
      'cache-to': exported(target, [...names(target), ...target.cacheTo.map(({ ref }) => ref)]),
    }),
  },
  {
    name: 'inline',
    keys: (target, all) => ({
      tags: [...target.tags, ...inlineName(target, target)],
      'cache-from': from(all.flatMap((other) => inlineSources(other, target))),
      'cache-to': ['type=inline'],
    }),
  },
  { name: 'local store', keepsStore: true, keys: nowhere },
] as const satisfies readonly Contender[];

/** Targets of one bake share stages, so that each may import what the others have. */
function sourcesOf(all: readonly PlannedTarget[]): PlannedTarget['cacheFrom'] {
  return all.flatMap(({ cacheFrom }) => cacheFrom);
}

/** Caches within images have no refs of their own: the same names beside the images. */
function inlineName(target: PlannedTarget, { tags }: PlannedTarget): readonly string[] {
  const repository = tags[0]?.slice(0, tags[0].lastIndexOf(':')) ?? '';
  return names(target).map((ref) => `${repository}${ref.slice(ref.lastIndexOf(':'))}`);
}

function inlineSources(target: PlannedTarget, own: PlannedTarget): readonly string[] {
  return target.cacheFrom.flatMap(({ role, ref }) => {
    if (role === 'main') return ref.replace('/cache-', '/images-');
    return role === 'own' ? inlineName(target, own) : [];
  });
}

/** The definition that a contender bakes. */
export function definitionFor(contender: Contender, { definition, targets }: Planned): Planned['definition'] {
  const { keys } = contender;
  if (keys === undefined) return definition;
  const target = Object.entries(definition.target).map(([name, planned]) => {
    const refs = targets.find((t) => t.name === name);
    return [name, refs === undefined ? planned : { ...planned, ...keys(refs, targets) }] as const;
  });
  return { ...definition, target: Object.fromEntries(target) };
}
