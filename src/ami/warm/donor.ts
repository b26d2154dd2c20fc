import { probeCandidates } from '../../cache/probe.ts';
import type { Source } from '../../cache/chain.ts';
import type { Settings, TargetSettings } from '../../config/settings.ts';
import type { CommitSha } from '../../context/context.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import type { Candidate } from '../../refs/candidate.ts';
import { commitTag, latestTag } from '../../refs/tag-name.ts';
import { referenceName } from '../../registry/reference.ts';
import type { Registry } from '../../registry/registry.ts';

/** What is asked for the layers of a target. */
export interface DonorQuestion {
  readonly cache: Pick<Settings['cache'], 'trusted'>;
  readonly commit: CommitSha;
  readonly target: Pick<TargetSettings, 'name' | 'lane'>;
}

/**
 * The caches that a warm build may read, the closest first. Trusted ones alone: an image that all queues run must not hold what a
 * pull request wrote.
 */
export function warmCandidates({ cache, commit, target }: DonorQuestion): readonly Candidate[] {
  const of = (role: Candidate['role'], tag: Candidate['ref']['tag']): Candidate => ({
    role,
    ref: { ...cache.trusted, tag },
    alternative: false,
  });
  return [of('commit', commitTag(commit, target.lane)), of('main', latestTag(target.lane))];
}

/**
 * The one cache to import: the first that is there, else the first that the registry did not deny having. Never several: BuildKit
 * loses layers at random then.
 */
export function closestDonor(sources: readonly Source[]): Source | undefined {
  return (
    sources.find(({ state }) => state === 'found') ??
    sources.find(({ state }) => state === 'throttled' || state === 'failed')
  );
}

/** Asks the registry for the caches of a target; answers with what to import: one ref, or none, with a warning. Never rejects. */
export async function findDonor(
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  registry: Registry,
  question: DonorQuestion,
): Promise<readonly string[]> {
  const candidates = warmCandidates(question);
  const [probed] = await probeCandidates([candidates], { registry, host }, { maxSources: 1 });
  const sources = probed?.sources ?? [];
  const donor = closestDonor(sources);
  if (donor !== undefined) return [referenceName(donor.ref)];
  const states = sources.map(({ ref, state, because }) => `${referenceName(ref)} (${because ?? state})`);
  const message = `nothing to warm '${question.target.name}' from: ${states.join(', ')}`;
  warn(host.emit, 'no-warm-donor', message);
  return [];
}
