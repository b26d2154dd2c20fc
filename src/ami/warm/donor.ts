import { type Probed, probeCandidates } from '../../cache/probe.ts';
import type { Source } from '../../cache/chain.ts';
import type { TargetSettings, TrustPair } from '../../config/settings.ts';
import type { CommitSha } from '../../ci/commit-sha.ts';
import type { Warning } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { type Candidate, TRUST } from '../../refs/candidate.ts';
import { type RepositoryOwner, cacheRepositories } from '../../refs/repositories.ts';
import { commitTag, latestTag } from '../../refs/tag-name.ts';
import { referenceName } from '../../registry/reference.ts';
import type { Registry } from '../../registry/registry.ts';

/** What is asked for the layers of a target. */
export interface DonorQuestion {
  readonly cache: TrustPair;
  readonly commit: CommitSha;
  readonly target: Pick<TargetSettings, 'lane'> & RepositoryOwner;
}

/** The caches that a target can be warmed from. */
export interface TargetCaches extends Probed {
  readonly target: string;
}

/**
 * The caches that a warm build may read, the closest first. Trusted ones alone: an image that all queues run must not hold what a
 * pull request wrote.
 */
export function warmCandidates({ cache, commit, target }: DonorQuestion): readonly Candidate[] {
  const of = (role: Candidate['role'], tag: Candidate['ref']['tag']): Candidate => ({
    role,
    ref: { ...cacheRepositories({ cache }, target).trusted, tag },
    trust: TRUST.trusted,
    alternative: false,
  });
  return [of('commit', commitTag(commit, target.lane)), of('main', latestTag(target.lane))];
}

/**
 * The one cache to import where no merged one can be: the first that is there, else the first that the registry did not deny having.
 * Never several: BuildKit loses layers at random then.
 */
export function closestDonor(sources: readonly Source[]): Source | undefined {
  return (
    sources.find(({ state }) => state === 'found') ??
    sources.find(({ state }) => state === 'throttled' || state === 'failed')
  );
}

/** Asks the registry for the caches of all targets at once, each ref once. Never rejects: what goes wrong is a state. */
export async function findTargetCaches(
  host: Pick<Host, 'clock' | 'signal'>,
  registry: Registry,
  { targets, ...question }: Omit<DonorQuestion, 'target'> & { readonly targets: readonly TargetSettings[] },
): Promise<readonly TargetCaches[]> {
  const candidates = targets.map((target) => warmCandidates({ ...question, target }));
  const maxSources = Math.max(0, ...candidates.map(({ length }) => length));
  const probed = await probeCandidates(candidates, { registry, host }, { maxSources });
  return probed.map((caches, i) => ({ target: targets[i]?.name ?? '', ...caches }));
}

/** The caches of a target that were found: one of two targets that share a lane has none of its own. */
export function foundNames({ sources }: TargetCaches): readonly string[] {
  return sources.filter(({ state }) => state === 'found').map(({ ref }) => referenceName(ref));
}

/** Lines that tell people where layers come from, each ref once. */
export function importLines(caches: readonly TargetCaches[]): readonly string[] {
  return [...new Set(caches.flatMap(foundNames))].map((ref) => `imports   ${ref}`);
}

/** For a target that has nothing to be warmed from; names what was asked for. */
export function nothingToWarmFrom({ target, sources }: TargetCaches): Warning {
  const states = sources.map(({ ref, state, because }) => `${referenceName(ref)} (${because ?? state})`);
  return { code: 'no-warm-donor', message: `nothing to warm '${target}' from: ${states.join(', ')}` };
}
