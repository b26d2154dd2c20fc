import type { Reference } from '../registry/reference.ts';
import { referenceName, repositoryName } from '../registry/reference.ts';
import { repositoryPart } from '../refs/repositories.ts';
import type { ResolvedTarget } from './target-plan.ts';

/** A ref as it is shown. */
export interface ShownRef {
  /** `host/path`. */
  readonly repository: string;
  readonly tag: string;
}

/** How the refs of a target are shown. */
export interface TargetNames {
  readonly ref: (ref: Reference) => ShownRef;
  /** A text that names some of them. */
  readonly text: (text: string) => string;
}

/** Refs as they are. */
export const OWN_NAMES: TargetNames = {
  ref: (ref) => ({ repository: repositoryName(ref), tag: ref.tag }),
  text: (text) => text,
};

/**
 * Refs with `${target}` and `${lane}`, as the configuration writes them, for what differs between the targets of a build only by that: so
 * that targets whose chains agree can be shown in one place.
 */
export function sharedNames(target: ResolvedTarget, all: readonly ResolvedTarget[]): TargetNames {
  const { name, lane } = target.settings;
  const kinds = [cacheRefs, imageRefs].map((of) => ({
    refs: of(target),
    differs:
      new Set(all.flatMap((one) => of(one).map(repositoryName))).size >
      new Set(of(target).map(repositoryName)).size,
  }));
  const ownRepositories = new Set(
    kinds.flatMap(({ refs, differs }) => (differs ? refs.map(repositoryName) : [])),
  );
  const lanes = all.map((one) => one.settings.lane);
  const laneEnding = lanes.every((one) => one !== '') ? '-${lane}' : '${laneSuffix}';
  const differ = new Set(lanes).size > 1;
  const isOfLane = (tag: string): boolean => lane === '' || tag.endsWith(`-${lane}`);
  const ref: TargetNames['ref'] = (one) => {
    const repository = repositoryName(one);
    const tag = lane === '' ? one.tag : one.tag.slice(0, -lane.length - 1);
    return {
      repository: ownRepositories.has(repository) ? withTarget(repository, repositoryPart(name)) : repository,
      tag: differ && isOfLane(one.tag) ? `${tag}${laneEnding}` : one.tag,
    };
  };
  // The longest first: one can begin as another one does.
  const told = kinds
    .flatMap(({ refs }) => refs)
    .map((one) => [referenceName(one), shownName(ref(one))] as const)
    .toSorted(([a], [b]) => b.length - a.length);
  return { ref, text: (text) => told.reduce((so, [full, shared]) => so.replaceAll(full, shared), text) };
}

/** `host/path:tag`. */
export function shownName({ repository, tag }: ShownRef): string {
  return `${repository}:${tag}`;
}

/** Repositories of all refs of a target. */
export function shownRepositories(target: ResolvedTarget, { ref }: TargetNames): readonly string[] {
  return [...new Set([...cacheRefs(target), ...imageRefs(target)].map((one) => ref(one).repository))];
}

function cacheRefs({ sources, exportTo, promotions }: ResolvedTarget): readonly Reference[] {
  const names = promotions.flatMap(({ what, to }) => (what === 'cache' ? [to] : []));
  return [...sources.map(({ ref }) => ref), ...exportTo, ...names];
}

function imageRefs({ tags, promotions }: ResolvedTarget): readonly Reference[] {
  return [...tags, ...promotions.flatMap(({ what, to }) => (what === 'image' ? [to] : []))];
}

/** The target's name where it stands for itself: `app` in `acme/app-cache`, and not in `acme/apple`. */
function withTarget(repository: string, part: string): string {
  const slash = repository.indexOf('/');
  const path = repository.slice(slash);
  const at = [...path.matchAll(/[a-z0-9]+/g)]
    .map(({ index }) => index)
    .find((index) => {
      const after = path[index + part.length] ?? '/';
      return path.startsWith(part, index) && !/[a-z0-9]/.test(after);
    });
  if (at === undefined) return repository;
  return `${repository.slice(0, slash)}${path.slice(0, at)}\${target}${path.slice(at + part.length)}`;
}
