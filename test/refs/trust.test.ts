import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheSources } from '../../src/refs/sources.ts';
import { writtenRefs } from '../../src/refs/written-refs.ts';
import { readBuildkite } from '../../src/context/buildkite.ts';
import { isCommitSha, type BuildContext } from '../../src/context/context.ts';
import { buildOrigin } from '../../src/context/origin.ts';
import { judgeTrust } from '../../src/context/trust.ts';
import { imageNames } from '../../src/refs/image-names.ts';
import { referenceName } from '../../src/registry/reference.ts';
import { WarmbakeError } from '../../src/platform/errors.ts';
import { PLACE, placeOf } from '../context/place.ts';
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

const environment = fc.record({
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
type Environment = typeof environment extends fc.Arbitrary<infer T> ? T : never;

/** The law again, spelled out over the raw variables. */
function isTheTrustedBuild(env: Environment): boolean {
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
const TRUSTED = {
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
function contextOf(env: Partial<Environment>, branch: string): BuildContext | undefined {
  const commits = [COMMIT, 'b', 'c', 'd', 'e', 'f'].map((text) => text.padEnd(40, text)).filter(isCommitSha);
  const [commit, parent, mergeBase, ...more] = commits;
  if (commit === undefined || parent === undefined || mergeBase === undefined) throw new Error('no commits');
  try {
    const facts = readBuildkite({ ...push('main'), ...env });
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

const anyBuild = fc.record({
  env: environment,
  branch: fc.constantFrom(...NAMES),
  target: fc.constantFrom(...PLACE.targets),
  pushLocally: fc.boolean(),
});

describe('for every combination of repository, branch, tag, pull request and environment (L1)', () => {
  it('trusted refs are written by the trusted build, and it writes no other', () => {
    fc.assert(
      fc.property(anyBuild, ({ env, branch, target, pushLocally }) => {
        const context = contextOf(env, branch);
        if (context === undefined) return;
        const options = { settings: PLACE, push: pushLocally };
        const cache = writtenRefs(context, target, options);
        const image = imageNames(context, target, options);
        const all = [
          ...(cache.exportTo === undefined ? [] : [cache.exportTo]),
          ...cache.promoteTo,
          ...image.push,
          ...image.moving,
        ];
        const expected = isTheTrustedBuild(env) ? 'trusted' : 'untrusted';
        expect(new Set([expected, ...all.map(placeOf)])).toEqual(new Set([expected]));
        expect(cache.alsoExport.length > 0).toBe(isTheTrustedBuild(env));
        expect(image.moving.length > 0).toBe(isTheTrustedBuild(env));
        expect(all.length > 0).toBe(context.origin.kind !== 'local' || pushLocally);
      }),
      { numRuns: 3000 },
    );
  });

  it('the trusted build imports trusted refs only', () => {
    fc.assert(
      fc.property(anyBuild, ({ env, branch, target }) => {
        const context = contextOf({ ...env, ...TRUSTED }, branch);
        if (context?.trusted !== true) throw new Error('not trusted');
        const places = cacheSources(context, target, PLACE).map(({ ref }) => placeOf(ref));
        expect(new Set(places)).toEqual(new Set(['trusted']));
      }),
    );
  });

  it('a ref is asked for once, in its lane, and main of the trusted repository always', () => {
    fc.assert(
      fc.property(anyBuild, ({ env, branch, target }) => {
        const context = contextOf(env, branch);
        if (context === undefined) return;
        const sources = cacheSources(context, target, PLACE);
        const names = sources.map(({ ref }) => referenceName(ref));
        expect(new Set(names).size).toBe(names.length);
        expect(names).toContain(`cache.test/main:latest${target.lane === '' ? '' : '-cpu'}`);
        expect(names.filter((name) => !name.endsWith(target.lane))).toEqual([]);
      }),
    );
  });
});

describe('the refs of a lane', () => {
  const [, cpu] = PLACE.targets;

  it('of the trusted build carry it, also where older tools read', () => {
    const context = contextOf(TRUSTED, '');
    if (context === undefined) throw new Error('refused');
    const written = writtenRefs(context, cpu, { settings: PLACE });
    expect(
      [written.exportTo, ...written.promoteTo, ...written.alsoExport].map((ref) => ref && referenceName(ref)),
    ).toEqual([
      `cache.test/main:${COMMIT}-cpu`,
      'cache.test/main:latest-cpu',
      `cache.test/elsewhere:${COMMIT}-cpu`,
    ]);
    expect(imageNames(context, cpu, { settings: PLACE }).moving.map(referenceName)).toEqual([
      'images.test/main:latest-cpu',
    ]);
  });
});

it('a local build that pushes needs a commit', () => {
  const context: BuildContext = { origin: { kind: 'local' }, trusted: false, because: 'not in CI' };
  const [target] = PLACE.targets;
  expect(() => writtenRefs(context, target, { settings: PLACE, push: true })).toThrow(
    'git knows no commit here; a build that pushes needs one',
  );
  expect(cacheSources(context, target, PLACE).map(({ role }) => role)).toEqual(['main']);
});

it('a ref that two roles name belongs to the first', () => {
  const context = contextOf({ ...TRUSTED, BUILDKITE_PULL_REQUEST: '7' }, '');
  if (context?.parent === undefined) throw new Error('refused');
  const [target] = PLACE.targets;
  const earlier = { mergeBase: context.parent, previous: [context.parent], basePrevious: [] };
  const roles = cacheSources({ ...context, ...earlier }, target, PLACE).map(({ role }) => role);
  expect(roles).toEqual(['commit', 'commit', 'parent', 'parent', 'own', 'main']);
});

it('old names are left out where they are not asked for', () => {
  const context: BuildContext = { origin: { kind: 'branch', branch: 'a/b' }, trusted: false, because: '' };
  const [target] = PLACE.targets;
  const roles = cacheSources(context, target, { ...PLACE, compat: { oldNames: false } }).map(
    ({ role }) => role,
  );
  expect(roles).toEqual(['own', 'main']);
});
