/** Variables of a job; `undefined` takes one away. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A push to a branch. */
export function pushTo(branch: string): Variables {
  return { BUILDKITE_BRANCH: branch, BUILDKITE_PULL_REQUEST: 'false' };
}

/** A push to the trusted branch. */
export const MAIN = pushTo('main');

/** Pull request 7, of branch `work`. */
export function pullRequest(base = 'main'): Variables {
  return {
    BUILDKITE_BRANCH: 'work',
    BUILDKITE_PULL_REQUEST: '7',
    BUILDKITE_PULL_REQUEST_BASE_BRANCH: base,
  };
}
