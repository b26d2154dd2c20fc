import type { Settings, TargetSettings } from '../config/settings.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import type { BuildContext, Origin } from '../context/context.ts';
import { referenceName, type Repository, type Tag } from '../registry/reference.ts';
import { commitTag, latestTag, oldBranchTags } from './tag-name.ts';
import { type Candidate, type Role, TRUST } from './candidate.ts';
import { type RepositoryOwner, cacheRepositories } from './repositories.ts';
import { ownBranch, ownTag, tagOfBranch, type Lanes } from './own-tag.ts';

/** Settings that name what is asked for. */
export type SourceSettings = Pick<Settings, 'trustedBranch' | 'compat' | 'targets' | 'cache'>;

/**
 * The refs that may hold layers for a build of one target, in the order of the chain, each once. The trusted build asks
 * for trusted refs only, so that no other build can slip a layer into what main ships; the others ask for both.
 */
export function cacheSources(
  context: BuildContext,
  target: Pick<TargetSettings, 'lane'> & RepositoryOwner,
  settings: SourceSettings,
): readonly Candidate[] {
  const lanes: Lanes = { lane: target.lane, targets: settings.targets };
  const own = { ...settings, cache: { ...settings.cache, ...cacheRepositories(settings, target) } };
  return once(context.trusted ? trustedSources(context, lanes, own) : allSources(context, lanes, own));
}

function trustedSources(
  context: BuildContext,
  { lane }: Lanes,
  settings: SourceSettings,
): readonly Candidate[] {
  const { trusted } = homesOf(settings);
  return [
    ...commits(context).map(({ role, commit }) => candidate(role, trusted, commitTag(commit, lane))),
    candidate('main', trusted, latestTag(lane)),
    ...earlier(context).map(({ role, commit }) => candidate(role, trusted, commitTag(commit, lane))),
  ];
}

function allSources(context: BuildContext, lanes: Lanes, settings: SourceSettings): readonly Candidate[] {
  const { trusted, untrusted } = homesOf(settings);
  const own = ownTag(context.origin, lanes);
  const base = otherBase(context.origin, settings.trustedBranch);
  const inBoth = ({ role, commit }: NamedCommit): readonly Candidate[] => {
    const tag = commitTag(commit, lanes.lane);
    return [candidate(role, trusted, tag), { ...candidate(role, untrusted, tag), alternative: true }];
  };
  return [
    ...commits(context).flatMap(inBoth),
    ...(own === undefined ? [] : [candidate('own', untrusted, own)]),
    ...(base === undefined ? [] : [candidate('base', untrusted, tagOfBranch(base, lanes))]),
    candidate('main', trusted, latestTag(lanes.lane)),
    ...earlier(context).flatMap(inBoth),
    ...oldNames('own', ownBranch(context.origin), { lanes, settings }),
    ...oldNames('base', base, { lanes, settings }),
  ];
}

interface NamedCommit {
  readonly role: Role;
  readonly commit: CommitSha;
}

/** Commits before those of {@link commits}: what was reverted or rebased away is in nobody's newest cache. */
function earlier({ previous = [], basePrevious = [] }: BuildContext): readonly NamedCommit[] {
  return [
    ...previous.map((commit) => ({ role: 'previous', commit }) as const),
    ...basePrevious.map((commit) => ({ role: 'base-previous', commit }) as const),
  ];
}

/** The commits whose caches are asked for. */
function commits(context: BuildContext): readonly NamedCommit[] {
  const roles = [
    ['commit', context.commit],
    ['parent', context.parent],
    ['merge-base', context.mergeBase],
  ] as const;
  return roles.flatMap(([role, commit]) => (commit === undefined ? [] : [{ role, commit }]));
}

/** The base branch where it is not the trusted one, which has the role `main`. */
function otherBase(origin: Origin, trustedBranch: string): string | undefined {
  return 'base' in origin && origin.base !== trustedBranch ? origin.base : undefined;
}

/** The older scripts knew one lane, whose names had no suffix; the others had scripts and spellings of their own. */
function oldNames(
  role: Role,
  branch: string | undefined,
  { lanes, settings }: { readonly lanes: Lanes; readonly settings: SourceSettings },
): readonly Candidate[] {
  if (!settings.compat.oldNames || branch === undefined || lanes.lane !== '') return [];
  return oldBranchTags(branch).map((tag) => candidate(role, homesOf(settings).untrusted, tag));
}

interface Home {
  readonly repository: Repository;
  /** Whether only the trusted build writes there. */
  readonly trusted: boolean;
}

function homesOf({ cache }: SourceSettings): Readonly<Record<'trusted' | 'untrusted', Home>> {
  return {
    trusted: { repository: cache.trusted, trusted: true },
    untrusted: { repository: cache.untrusted, trusted: false },
  };
}

/** Caches that builds of other branches name: no build of this one does. */
const OF_OTHERS: ReadonlySet<Role> = new Set(['base', 'merge-base', 'base-previous']);

function candidate(role: Role, { repository, trusted }: Home, tag: Tag): Candidate {
  const untrusted = OF_OTHERS.has(role) ? TRUST.others : TRUST.own;
  return {
    role,
    ref: { ...repository, tag },
    trust: trusted ? TRUST.trusted : untrusted,
    alternative: false,
  };
}

/** Keeps the first candidate of each ref. */
function once(candidates: readonly Candidate[]): readonly Candidate[] {
  const first = new Map<string, Candidate>();
  for (const one of candidates) {
    const name = referenceName(one.ref);
    if (!first.has(name)) first.set(name, one);
  }
  return [...first.values()];
}
