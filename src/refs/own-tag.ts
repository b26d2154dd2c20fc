import type { Settings } from '../config/settings.ts';
import type { Origin } from '../context/context.ts';
import type { Tag } from '../registry/reference.ts';
import { branchTag, pullRequestTag } from './tag-name.ts';

/** The lane of a target, and all lanes it shares the repositories with. */
export interface Lanes {
  readonly lane: string;
  readonly targets: Settings['targets'];
}

/**
 * The moving tag of a build's own line: its pull request or branch. Merge queues and tags have none: no later build would
 * ask for it.
 */
export function ownTag(origin: Origin, lanes: Lanes): Tag | undefined {
  if (origin.kind === 'pull-request') return pullRequestTag(origin.number, lanes.lane);
  const branch = ownBranch(origin);
  return branch === undefined ? undefined : tagOfBranch(branch, lanes);
}

/** The branch whose name is this build's own; `undefined` for a pull request, which has its number instead. */
export function ownBranch(origin: Origin): string | undefined {
  switch (origin.kind) {
    case 'main':
    case 'branch':
    case 'local':
      return origin.branch;
    case 'pull-request':
    case 'merge-queue':
    case 'tag':
      return undefined;
  }
}

/** {@link branchTag} within these lanes. */
export function tagOfBranch(branch: string, { lane, targets }: Lanes): Tag {
  return branchTag(branch, { lane, lanes: targets.map((target) => target.lane) });
}
