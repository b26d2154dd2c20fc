import * as fc from 'fast-check';
import { readCi } from '../../src/ci/read-ci.ts';
import { isCommitSha } from '../../src/ci/commit-sha.ts';
import { type BuildContext } from '../../src/context/context.ts';
import { buildOrigin } from '../../src/context/origin.ts';
import { judgeTrust } from '../../src/context/trust.ts';
import { WarmbakeError } from '../../src/platform/errors.ts';
import { PLACE } from '../context/place.ts';
import { COMMIT, push } from '../context/recorded.ts';

const OURS = [
  'git@github.com:acme/app.git',
  'https://github.com/acme/app',
  'https://x:y@github.com/Acme/App.git/',
];
const OTHERS = [
  'https://github.com/octocat/app.git',
  'https://github.com@evil.example/acme/app',
  'https://evil.example#@github.com/acme/app',
  'git@evil.example:github.com/acme/app',
  'https://github.com/acme/app2',
  '/srv/github.com/acme/app',
  '',
];
const NAMES = [
  'main',
  'Main',
  'main ',
  'latest',
  'octocat:main',
  'refs/heads/main',
  'pr-7',
  COMMIT,
  'é',
  '-n',
  '',
];

/** Variables of a job, as hostile as they come. */
export const environment = fc.record({
  BUILDKITE: fc.constantFrom('true', 'true', 'true', 'false', '1', ''),
  BUILDKITE_REPO: fc.constantFrom(...OURS, ...OURS, ...OTHERS),
  BUILDKITE_BRANCH: fc.oneof(fc.constant('main'), fc.constantFrom(...NAMES), fc.string({ unit: 'grapheme' })),
  BUILDKITE_TAG: fc.constantFrom('', '', '', 'main', 'v1'),
  BUILDKITE_PULL_REQUEST: fc.constantFrom('false', 'false', 'false', '7', '12345', 'true', '', undefined),
  BUILDKITE_PULL_REQUEST_BASE_BRANCH: fc.constantFrom('', ...NAMES),
  BUILDKITE_PULL_REQUEST_REPO: fc.constantFrom('', '', '', ...OURS, ...OTHERS),
  BUILDKITE_MERGE_QUEUE_BASE_BRANCH: fc.constantFrom('', '', '', 'main'),
  BUILDKITE_PIPELINE_DEFAULT_BRANCH: fc.constantFrom(...NAMES),
  // Names that the older scripts took refs and repositories from.
  REGISTRY: fc.constantFrom(undefined, 'cache.test/main'),
  CACHE_TO: fc.constantFrom(undefined, 'cache.test/main:latest'),
  IMAGE_TAG_LATEST: fc.constantFrom(undefined, 'images.test/main:latest'),
});
/** One of them. */
export type Environment = typeof environment extends fc.Arbitrary<infer T> ? T : never;

/** The law again, spelled out over the raw variables. */
export function isTheTrustedBuild(env: Environment): boolean {
  return (
    env.BUILDKITE === 'true' &&
    OURS.includes(env.BUILDKITE_REPO) &&
    env.BUILDKITE_BRANCH === 'main' &&
    env.BUILDKITE_TAG === '' &&
    env.BUILDKITE_PULL_REQUEST === 'false' &&
    env.BUILDKITE_PULL_REQUEST_REPO === '' &&
    env.BUILDKITE_MERGE_QUEUE_BASE_BRANCH === ''
  );
}

/** Makes the trusted build of any environment. */
export const TRUSTED = {
  BUILDKITE: 'true',
  BUILDKITE_REPO: 'git@github.com:acme/app.git',
  BUILDKITE_BRANCH: 'main',
  BUILDKITE_TAG: '',
  BUILDKITE_PULL_REQUEST: 'false',
  BUILDKITE_PULL_REQUEST_REPO: '',
  BUILDKITE_PULL_REQUEST_BASE_BRANCH: '',
  BUILDKITE_MERGE_QUEUE_BASE_BRANCH: '',
} as const;

/** `undefined` where the environment is refused. */
export function contextOf(env: Partial<Environment>, branch: string): BuildContext | undefined {
  const commits = [COMMIT, 'b', 'c', 'd', 'e', 'f'].map((text) => text.padEnd(40, text)).filter(isCommitSha);
  const [commit, parent, mergeBase, ...more] = commits;
  if (commit === undefined || parent === undefined || mergeBase === undefined) throw new Error('no commits');
  try {
    const facts = readCi({ ...push('main'), ...env });
    const origin =
      facts === undefined ? ({ kind: 'local', branch } as const) : buildOrigin(facts, PLACE.trustedBranch);
    return {
      origin,
      ...judgeTrust(facts, PLACE),
      commit,
      parent,
      mergeBase,
      previous: more,
      basePrevious: more.toReversed(),
    };
  } catch (error) {
    if (error instanceof WarmbakeError && error.kind === 'config') return undefined;
    throw error;
  }
}

/** A build of any kind, refused ones among them: see {@link contextOf}. */
export const anyBuild = fc.record({
  env: environment,
  branch: fc.constantFrom(...NAMES),
  target: fc.constantFrom(...PLACE.targets),
  pushLocally: fc.boolean(),
});
