import type { RepositoryId } from '../config/settings.ts';
import type { BuildkiteFacts } from './buildkite.ts';

/** Whether a build may write trusted refs, and why (not), in one phrase. */
export interface Trust {
  readonly trusted: boolean;
  readonly because: string;
}

/** The one place whose builds are trusted. */
export interface TrustedPlace {
  readonly repository: RepositoryId;
  readonly trustedBranch: string;
}

/**
 * Law L1: a build is trusted when nothing speaks against it. Every doubt is a reason of its own, looked for in the order
 * in which a reader would ask. The name of the branch alone proves nothing: forks and tags can be called `main` too.
 */
export function judgeTrust(facts: BuildkiteFacts | undefined, place: TrustedPlace): Trust {
  const doubt = doubtAbout(facts, place);
  return doubt === undefined
    ? { trusted: true, because: `branch ${place.trustedBranch} of ${place.repository}` }
    : { trusted: false, because: doubt };
}

function doubtAbout(facts: BuildkiteFacts | undefined, place: TrustedPlace): string | undefined {
  if (facts === undefined) return 'not in CI';
  if (facts.tag !== undefined) return `tag ${facts.tag}`;
  if (facts.pullRequest !== undefined) return `pull request ${facts.pullRequest.number}`;
  if (facts.mergeQueueBase !== undefined) return `merge queue of ${facts.mergeQueueBase}`;
  if (facts.strayPullRequestRepository) {
    return 'BUILDKITE_PULL_REQUEST_REPO is set although BUILDKITE_PULL_REQUEST is false';
  }
  if (facts.repository === undefined) return 'BUILDKITE_REPO names no repository on a host';
  if (facts.repository !== place.repository) {
    return `repository ${facts.repository} is not ${place.repository}`;
  }
  if (facts.branch !== place.trustedBranch) return `branch ${facts.branch} is not ${place.trustedBranch}`;
  return undefined;
}
