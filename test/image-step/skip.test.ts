import { expect, it } from 'vitest';
import { type ImageFact, decideSkip } from '../../src/image-step/skip.ts';
import { isCommitSha } from '../../src/ci/commit-sha.ts';
import { requireReference } from '../../src/registry/reference.ts';

const text = 'c'.repeat(40);
const commit = isCommitSha(text) ? text : undefined;
const ref = requireReference(`r.io/app:${text}`);
const latest = requireReference('r.io/app:latest');
const there: ImageFact = { state: 'found', digest: 'sha256:1', revision: text, platforms: ['linux/amd64'] };

function decide(facts: readonly ImageFact[], behind: readonly (typeof ref)[] = []) {
  const tags = facts.map((fact) => ({ ref, fact }));
  return decideSkip({ commit, platforms: ['linux/amd64'], tags, behind });
}

it.each<[string, readonly ImageFact[], string]>([
  ['nothing is promised', [], 'this build pushes no image'],
  ['the tag is absent', [{ state: 'missing' }], 'does not exist'],
  ['one of two tags is absent', [there, { state: 'missing' }], 'does not exist'],
  ['another commit is under the tag', [{ ...there, revision: 'd'.repeat(40) }], 'holds dddddddddddd'],
  [
    'the image does not name its commit',
    [{ state: 'found', digest: 'x', platforms: [] }],
    'does not say which commit',
  ],
  ['a platform is missing', [{ ...there, platforms: ['linux/arm64'] }], 'lacks linux/amd64'],
  ['the registry refused to say', [{ state: 'unknown', because: '403' }], 'could not be checked (403)'],
])('builds where %s', (_, facts, because) => {
  expect(decide(facts)).toEqual({ decision: 'build', because: expect.stringContaining(because) });
});

it('skips where every promised tag has this revision and platform', () => {
  expect(decide([there, there]).decision).toBe('skip');
});

it('repairs a moved latest without a build', () => {
  expect(decide([there], [latest])).toEqual({
    decision: 'repair',
    because: expect.stringContaining('r.io/app:latest has to move'),
  });
});
