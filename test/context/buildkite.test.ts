import { describe, expect, it } from 'vitest';
import { readCi } from '../../src/ci/read-ci.ts';
import { EXIT_CODE, WarmbakeError } from '../../src/platform/errors.ts';
import { pullRequest, push } from './recorded.ts';

/** Exit code and message of what is thrown. */
function refusal(env: Readonly<Record<string, string | undefined>>): readonly [number, string] {
  try {
    readCi(env);
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    return [EXIT_CODE[error.kind], error.message];
  }
  return [0, 'accepted'];
}

describe('an environment that Buildkite would not make is refused by the name of its variable', () => {
  const number = 'it must be the number of the pull request or false';
  const commit = 'it must be 40 lower-case hex digits or HEAD';
  it.each([
    [{ BUILDKITE_PULL_REQUEST: undefined }, `BUILDKITE_PULL_REQUEST is not set; ${number}`],
    [{ BUILDKITE_PULL_REQUEST: '' }, `BUILDKITE_PULL_REQUEST is ''; ${number}`],
    [{ BUILDKITE_PULL_REQUEST: 'true' }, `BUILDKITE_PULL_REQUEST is 'true'; ${number}`],
    [{ BUILDKITE_PULL_REQUEST: 'False' }, `BUILDKITE_PULL_REQUEST is 'False'; ${number}`],
    [{ BUILDKITE_PULL_REQUEST: '0' }, `BUILDKITE_PULL_REQUEST is '0'; ${number}`],
    [{ BUILDKITE_PULL_REQUEST: '-1' }, `BUILDKITE_PULL_REQUEST is '-1'; ${number}`],
    [{ BUILDKITE_PULL_REQUEST: '007' }, `BUILDKITE_PULL_REQUEST is '007'; ${number}`],
    [{ BUILDKITE_PULL_REQUEST: '7\n' }, `BUILDKITE_PULL_REQUEST is '7?'; ${number}`],
    [{ BUILDKITE_PULL_REQUEST: '1234567890' }, `BUILDKITE_PULL_REQUEST is '1234567890'; ${number}`],
    [{ BUILDKITE_BRANCH: '' }, "BUILDKITE_BRANCH is empty and BUILDKITE_TAG is too; set the build's branch"],
    [
      { BUILDKITE_BRANCH: undefined },
      "BUILDKITE_BRANCH is empty and BUILDKITE_TAG is too; set the build's branch",
    ],
    [{ BUILDKITE_BRANCH: 'a\n--- b' }, "BUILDKITE_BRANCH is 'a?--- b'; it must not hold control characters"],
    [{ BUILDKITE_TAG: 'v1\u001b[2J' }, "BUILDKITE_TAG is 'v1?[2J'; it must not hold control characters"],
    [{ BUILDKITE_COMMIT: undefined }, `BUILDKITE_COMMIT is not set; ${commit}`],
    [{ BUILDKITE_COMMIT: '' }, `BUILDKITE_COMMIT is ''; ${commit}`],
    [{ BUILDKITE_COMMIT: '0123456' }, `BUILDKITE_COMMIT is '0123456'; ${commit}`],
    [{ BUILDKITE_COMMIT: 'A'.repeat(40) }, `BUILDKITE_COMMIT is '${'A'.repeat(40)}'; ${commit}`],
    [{ BUILDKITE_COMMIT: 'head' }, `BUILDKITE_COMMIT is 'head'; ${commit}`],
    [{ BUILDKITE_BUILD_NUMBER: '' }, "BUILDKITE_BUILD_NUMBER is ''; it must be the number of the build"],
    [
      { BUILDKITE_BUILD_NUMBER: '../1' },
      "BUILDKITE_BUILD_NUMBER is '../1'; it must be the number of the build",
    ],
    [{ BUILDKITE_BUILD_ID: undefined }, 'BUILDKITE_BUILD_ID is not set; it must be the UUID of the build'],
  ])('%j', (wrong, message) => {
    expect(refusal({ ...push('main'), ...wrong })).toEqual([3, message]);
  });
});

it('a pull request without a branch is refused too', () => {
  expect(refusal(pullRequest(''))).toEqual([3, expect.stringMatching(/^BUILDKITE_BRANCH is empty/)]);
});

it('outside of Buildkite nothing is read and nothing refused', () => {
  expect(readCi({ BUILDKITE_PULL_REQUEST: 'nonsense' })).toBeUndefined();
});
