import path from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { UsedConfiguration } from '../config/used.ts';
import type { Host } from '../platform/host.ts';
import { succeeded } from '../platform/process.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { type BareClone, bareClone } from './bare-clone.ts';
import { readCi } from '../ci/read-ci.ts';
import { type CommitSha, isCommitSha } from '../ci/commit-sha.ts';
import { firstParents, git } from './git.ts';
import { type ReleaseEvidence, type WantedRelease, wantedRelease } from './trust.ts';

/** Commits fetched below a branch, step by step until the tagged one is among them. */
const DEPTHS = [50, 500, 5000] as const;

/** Time for all questions to the remote, in milliseconds. */
const LIMIT_MS = 20_000;

/**
 * Whether the build of a git tag is a release: asks the remote for the tag and for the branches that releases come from. `undefined` where
 * there is nothing to be asked, because other facts decide already. Nothing of the checkout takes part, see {@link bareClone}.
 */
export async function askRelease(
  host: Host,
  settings: Pick<Settings, 'repository' | 'trustedBranch' | 'releases'>,
  configuration: Pick<UsedConfiguration, 'from'> | undefined,
): Promise<ReleaseEvidence | undefined> {
  const facts = readCi(host.env);
  const wanted = facts === undefined ? undefined : wantedRelease(facts, settings);
  if (wanted === undefined || 'because' in wanted) return undefined;
  // Whoever pushes a tag chooses the commit, so that one's own file must not say what a release is.
  const from = configuration?.from;
  if (from === undefined || from === 'checkout' || from === 'merge-base') {
    return { because: 'its configuration is not read from the trusted branch as it is now' };
  }
  const directory = path.join(host.scratch, 'release.git');
  const clone = bareClone(host, { directory, origin: facts?.remote ?? { url: '' } });
  const asked = searchRelease(host, clone, wanted);
  return await sayIfSlow(host, `asking git for tag ${wanted.tag} and ${wanted.branches.join(', ')}`, asked);
}

async function searchRelease(host: Host, clone: BareClone, wanted: WantedRelease): Promise<ReleaseEvidence> {
  const { tag, commit, branches } = wanted;
  const deadline = host.clock.now().getTime() + LIMIT_MS;
  const tagRef = `refs/tags/${tag}`;
  const branchRefs = branches.map((branch) => [branch, `refs/heads/${branch}`] as const);
  const ids = await clone.ids([tagRef, ...branchRefs.map(([, ref]) => ref)], { timeoutMs: LIMIT_MS });
  if (typeof ids === 'string') return { because: ids };
  const tagged = ids.get(tagRef);
  if (tagged === undefined) return { because: 'the remote has no such tag' };
  if (tagged !== commit) return { because: `the remote's tag is at ${tagged}, not at ${commit}` };
  const reasons: string[] = [];
  for (const [branch, ref] of branchRefs) {
    const tip = ids.get(ref) ?? '';
    const because = isCommitSha(tip)
      ? await obstacleOn(host, clone, { commit, branch, tip, deadline })
      : `the remote has no branch ${branch}`;
    if (because === undefined) return { tag, commit, branch };
    reasons.push(because);
  }
  return { because: reasons.join('; ') };
}

/** Why `commit` is not known to be, or to have been, the tip of a branch; `undefined` where it is. */
async function obstacleOn(
  host: Host,
  clone: BareClone,
  { commit, branch, tip, deadline }: BranchQuestion,
): Promise<string | undefined> {
  if (tip === commit) return undefined;
  for (const depth of DEPTHS) {
    const timeoutMs = deadline - host.clock.now().getTime();
    if (timeoutMs <= 0) return 'the remote did not answer in time';
    const failure = await clone.fetch({ tip }, { depth, timeoutMs });
    if (failure !== undefined) return failure;
    const options = { directory: clone.directory };
    // Ids and nothing else: what authors write into commits has no part in who is trusted.
    const listed = await git(host, ['rev-list', '--first-parent', `--max-count=${depth}`, tip], options);
    if (succeeded(listed) && listed.stdout.split('\n').includes(commit)) return undefined;
    const { isWhole } = await firstParents(host, tip, { count: depth, ...options });
    if (isWhole) return `its commit was never the tip of ${branch}`;
  }
  return `its commit is not among the last ${DEPTHS.at(-1)} tips of ${branch}`;
}

interface BranchQuestion {
  readonly commit: CommitSha;
  readonly branch: string;
  readonly tip: CommitSha;
  readonly deadline: number;
}
