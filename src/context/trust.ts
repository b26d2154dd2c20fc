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
  const doubt = doubtAboutEvent(facts);
  if (doubt !== undefined) return doubt;
  if (facts.repository === undefined) return 'BUILDKITE_REPO names no repository on a host';
  if (facts.repository !== place.repository) {
    return `repository ${facts.repository} is not ${place.repository}`;
  }
  return doubtAboutBranch(facts, place.trustedBranch);
}

/**
 * Why a job is not one of the trusted branch, whatever repository its pipeline builds; `undefined` where it is. For what needs no
 * configuration yet, and for jobs about machines, whose pipeline can live in a repository of its own.
 */
export function doubtAboutJob(facts: BuildkiteFacts, trustedBranch: string): string | undefined {
  return doubtAboutEvent(facts) ?? doubtAboutBranch(facts, trustedBranch);
}

function doubtAboutBranch({ branch }: BuildkiteFacts, trustedBranch: string): string | undefined {
  return branch === trustedBranch ? undefined : `branch ${branch} is not ${trustedBranch}`;
}

/** The same as far as it needs no name of a branch: tags, pull requests, merge queues, and what looks like one. */
export function doubtAboutEvent(facts: BuildkiteFacts): string | undefined {
  if (facts.tag !== undefined) return `tag ${facts.tag}`;
  if (facts.pullRequest !== undefined) return `pull request ${facts.pullRequest.number}`;
  if (facts.mergeQueueBase !== undefined) return `merge queue of ${facts.mergeQueueBase}`;
  if (facts.strayPullRequestRepository) {
    return 'BUILDKITE_PULL_REQUEST_REPO is set although BUILDKITE_PULL_REQUEST is false';
  }
  return undefined;
}
