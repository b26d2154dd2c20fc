/** Environments as Buildkite sets them for one build each, names and ids made up. */

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** What every build of the pipeline has. */
const EVERY = {
  BUILDKITE: 'true',
  CI: 'true',
  BUILDKITE_AGENT_NAME: 'cpu-queue-i-0abc-1',
  BUILDKITE_BUILD_CREATOR: 'Octo Cat',
  BUILDKITE_BUILD_ID: '018f6d2c-0d5b-4d70-9a3e-0d1c7f4b9a10',
  BUILDKITE_BUILD_NUMBER: '4711',
  BUILDKITE_BUILD_URL: 'https://buildkite.com/acme/ci/builds/4711',
  BUILDKITE_COMMIT: COMMIT,
  BUILDKITE_JOB_ID: '018f6d2c-1111-4d70-9a3e-0d1c7f4b9a10',
  BUILDKITE_LABEL: ':docker: Build image',
  BUILDKITE_PIPELINE_DEFAULT_BRANCH: 'main',
  BUILDKITE_PULL_REQUEST: 'false',
  BUILDKITE_PULL_REQUEST_BASE_BRANCH: '',
  BUILDKITE_PULL_REQUEST_REPO: '',
  BUILDKITE_REPO: 'git@github.com:acme/app.git',
  BUILDKITE_RETRY_COUNT: '0',
  BUILDKITE_SOURCE: 'webhook',
  BUILDKITE_STEP_KEY: 'image-build',
  BUILDKITE_TAG: '',
} as const;

/** A push to a branch. */
export function push(branch: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...EVERY, BUILDKITE_BRANCH: branch, ...more };
}

/** A pull request from a fork. */
export function pullRequest(
  branch: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return push(branch, {
    BUILDKITE_PULL_REQUEST: '12345',
    BUILDKITE_PULL_REQUEST_BASE_BRANCH: 'main',
    BUILDKITE_PULL_REQUEST_REPO: 'https://github.com/octocat/app.git',
    ...more,
  });
}
