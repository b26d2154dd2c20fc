import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CiFacts } from '../../src/ci/facts.ts';
import { readCi } from '../../src/ci/read-ci.ts';
import { type CommitSha, isCommitSha } from '../../src/ci/commit-sha.ts';
import { type ReleaseEvidence, judgeTrust } from '../../src/context/trust.ts';
import { writtenRefs } from '../../src/refs/written-refs.ts';
import { imageNames } from '../../src/refs/image-names.ts';
import { WarmbakeError } from '../../src/platform/errors.ts';
import { environment } from '../refs/any-build.ts';
import { PLACE, placeOf } from './place.ts';
import { COMMIT, push } from './recorded.ts';

const SHA = sha(COMMIT);
const RELEASES = { ...PLACE, releases: { tags: ['v*', '*/*/*', 'main'], branches: ['release-1'] } };
const FOUND = { tag: 'v1.0', commit: SHA, branch: 'main' } as const;

function sha(text: string): CommitSha {
  if (!isCommitSha(text)) throw new Error(text);
  return text;
}

/** A build of tag v1.0, as Buildkite has it. */
const tagged = (more: Readonly<Record<string, string>> = {}): Record<string, string> =>
  push('v1.0', { BUILDKITE_TAG: 'v1.0', ...more });

const judged = (
  env: Record<string, string>,
  evidence: ReleaseEvidence | undefined,
  place: typeof PLACE | typeof RELEASES = RELEASES,
) => judgeTrust(readCi(env), place, evidence);

describe('the build of a git tag is trusted as a release', () => {
  it.each<[string, ReleaseEvidence]>([
    ['main', FOUND],
    ['release-1', { ...FOUND, branch: 'release-1' }],
  ])('where the remote has it on %s', (branch, evidence) => {
    expect(judged(tagged(), evidence)).toEqual({
      trusted: true,
      because: `release v1.0, from ${branch} of github.com/acme/app`,
    });
  });
});

describe('the build of a git tag is not trusted', () => {
  it.each<[string, Record<string, string>, ReleaseEvidence | undefined, string]>([
    ['without a word from the remote', tagged(), undefined, 'tag v1.0: the remote was not asked'],
    ['where the remote says otherwise', tagged(), { because: 'moved' }, 'tag v1.0: moved'],
    [
      'whose name is none of the patterns',
      push('x', { BUILDKITE_TAG: 'x' }),
      { ...FOUND, tag: 'x' },
      'tag x: it is none of releases.tags (v*, */*/*, main)',
    ],
    [
      'with evidence of another tag',
      tagged(),
      { ...FOUND, tag: 'v2' },
      'tag v1.0: the remote was asked about another build',
    ],
    [
      'with evidence of another commit',
      tagged({ BUILDKITE_COMMIT: 'a'.repeat(40) }),
      FOUND,
      'tag v1.0: the remote was asked about another build',
    ],
    [
      'with evidence of another branch',
      tagged(),
      { ...FOUND, branch: 'work' },
      'tag v1.0: the remote was asked about another build',
    ],
    [
      'of a fork',
      tagged({ BUILDKITE_REPO: 'https://github.com/octocat/app.git' }),
      FOUND,
      'tag v1.0: repository github.com/octocat/app is not github.com/acme/app',
    ],
    [
      'of no repository on a host',
      tagged({ BUILDKITE_REPO: '/srv/app' }),
      FOUND,
      'tag v1.0: BUILDKITE_REPO names no repository on a host',
    ],
    ['that is a pull request', tagged({ BUILDKITE_PULL_REQUEST: '7' }), FOUND, 'tag v1.0: pull request 7'],
    [
      'of a merge queue',
      tagged({ BUILDKITE_MERGE_QUEUE_BASE_BRANCH: 'main' }),
      FOUND,
      'tag v1.0: merge queue of main',
    ],
    [
      'with the repository of a pull request',
      tagged({ BUILDKITE_PULL_REQUEST_REPO: 'https://github.com/o/app' }),
      FOUND,
      'tag v1.0: BUILDKITE_PULL_REQUEST_REPO is set',
    ],
    ['of commit HEAD', tagged({ BUILDKITE_COMMIT: 'HEAD' }), FOUND, 'tag v1.0: BUILDKITE_COMMIT is HEAD'],
    [
      'called main that the remote does not have',
      push('main', { BUILDKITE_TAG: 'main' }),
      { because: 'gone' },
      'tag main: gone',
    ],
    [
      'whose name is a refspec',
      tagged({ BUILDKITE_TAG: 'v1:refs/heads/main' }),
      { ...FOUND, tag: 'v1:refs/heads/main' },
      'its name is not a plain one',
    ],
    [
      'whose name leads up',
      tagged({ BUILDKITE_TAG: 'v1..v2' }),
      { ...FOUND, tag: 'v1..v2' },
      'its name is not a plain one',
    ],
    [
      'whose name is a pattern of git',
      tagged({ BUILDKITE_TAG: 'v*' }),
      { ...FOUND, tag: 'v*' },
      'its name is not a plain one',
    ],
  ])('%s', (_, env, evidence, because) => {
    const trust = judged(env, evidence);
    expect(trust.trusted).toBe(false);
    expect(trust.because).toContain(because);
  });

  it('where no releases are configured, whatever is said of it', () => {
    expect(judged(tagged(), FOUND, PLACE)).toEqual({ trusted: false, because: 'tag v1.0' });
  });
});

/** The facts of an environment; `undefined` also where it is refused. */
function factsOf(env: Readonly<Record<string, string | undefined>>): CiFacts | undefined {
  try {
    return readCi({ ...push('main'), ...env });
  } catch (error) {
    if (error instanceof WarmbakeError && error.kind === 'config') return undefined;
    throw error;
  }
}

it('evidence of a tag helps no other build (L1)', () => {
  const evidenceOf = fc.record({
    tag: fc.constantFrom('v1', 'main'),
    commit: fc.constant(SHA),
    branch: fc.constantFrom('main', 'release-1', 'work'),
  });
  fc.assert(
    fc.property(environment, evidenceOf, (env, evidence) => {
      const facts = factsOf(env);
      const isRelease =
        facts?.repository === 'github.com/acme/app' &&
        facts.tag === evidence.tag &&
        evidence.branch !== 'work' &&
        env.BUILDKITE_PULL_REQUEST === 'false' &&
        env.BUILDKITE_PULL_REQUEST_REPO === '' &&
        env.BUILDKITE_MERGE_QUEUE_BASE_BRANCH === '';
      const without = judgeTrust(facts, PLACE);
      expect(judgeTrust(facts, RELEASES, evidence).trusted).toBe(
        facts?.tag === undefined ? without.trusted : isRelease,
      );
      expect(without.trusted && facts?.tag !== undefined).toBe(false);
    }),
    { numRuns: 3000 },
  );
});

it('a release writes its commit, in trusted repositories, and moves nothing', () => {
  const facts = readCi(tagged());
  const context = {
    origin: { kind: 'tag', tag: 'v1.0' },
    ...judgeTrust(facts, RELEASES, FOUND),
    commit: SHA,
  } as const;
  for (const target of PLACE.targets) {
    const written = writtenRefs(context, target, { settings: PLACE });
    expect(written).toMatchObject({ promoteTo: [], alsoExport: [] });
    expect(written.exportTo && placeOf(written.exportTo)).toBe('trusted');
    const { push: pushed, moving } = imageNames(context, target, { settings: PLACE });
    expect(pushed.map(placeOf)).toEqual(['trusted']);
    expect(moving).toEqual([]);
  }
});
