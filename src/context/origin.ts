import type { CiFacts } from '../ci/facts.ts';
import type { Origin } from './context.ts';

/**
 * What kind of build these facts describe. What writes least wins where they name several: tag, pull request,
 * merge queue, branch. A pull request without a base branch is taken to go into the trusted one: the base only chooses
 * which caches are read, and a wrong choice costs time, never trust.
 */
export function buildOrigin(facts: CiFacts, trustedBranch: string): Origin {
  const { branch, tag, pullRequest, mergeQueueBase } = facts;
  if (tag !== undefined) return { kind: 'tag', tag };
  if (pullRequest !== undefined) {
    return {
      kind: 'pull-request',
      number: pullRequest.number,
      branch,
      base: pullRequest.base ?? trustedBranch,
    };
  }
  if (mergeQueueBase !== undefined) return { kind: 'merge-queue', branch, base: mergeQueueBase };
  return { kind: branch === trustedBranch ? 'main' : 'branch', branch };
}

/** The branch that this build's commit is to be compared with; `undefined` for the trusted branch itself. */
export function baseOf(origin: Origin, trustedBranch: string): string | undefined {
  switch (origin.kind) {
    case 'main':
      return undefined;
    case 'pull-request':
    case 'merge-queue':
      return origin.base;
    case 'branch':
    case 'tag':
    case 'local':
      return trustedBranch;
  }
}
