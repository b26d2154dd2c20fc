import { expect, test } from 'vitest';
import { bakeConfigName, readBakeConfig } from '../../../src/ami/warm/bake-config.ts';
import type { CommitSha } from '../../../src/ci/commit-sha.ts';

const COMMIT = 'c'.repeat(40) as CommitSha;
const OTHER = 'd'.repeat(40);
const expectation = {
  target: 'test-ci',
  commit: COMMIT,
  perCommit: ['COMMIT', 'org.opencontainers.image.revision'],
};
const text = (target: object): string => JSON.stringify({ group: {}, target: { 'test-ci': target } });

test('the name carries build number and lane, as the build step uploads it', () => {
  expect(bakeConfigName('812', '')).toBe('bake-config-build-812.json');
  expect(bakeConfigName('812', 'cpu')).toBe('bake-config-build-812-cpu.json');
});

test.each([
  ['a build argument', { args: { COMMIT, OTHER_ARGUMENT: OTHER } }],
  ['a label', { labels: { COMMIT } }],
  [
    'an annotation on index and manifest',
    { annotations: [`index,manifest:org.opencontainers.image.revision=${COMMIT}`] },
  ],
  [
    'an annotation for one platform',
    { annotations: [`manifest[linux/amd64]:org.opencontainers.image.revision=${COMMIT}`] },
  ],
])('the commit is found in %s', (_, target) => {
  expect(readBakeConfig(text(target), expectation).targets['test-ci']).toEqual(target);
});

test.each([
  ['a file that a failed print left empty', '', 'it is empty'],
  ['half a file', '{"target": {', 'it is not the output of bake --print'],
  ['another document', '{"targets": []}', 'it is not the output of bake --print'],
  [
    'the file of another step',
    JSON.stringify({ target: { 'rocm-ci': {} } }),
    "it has no target 'test-ci', only rocm-ci",
  ],
  [
    'a definition without commit',
    text({ args: { COMMIT: 'unknown' } }),
    'it does not say for which commit it was made',
  ],
  [
    'the definition of another commit',
    text({ args: { COMMIT: OTHER } }),
    `it was made for commit ${OTHER}, the image is of ${COMMIT}`,
  ],
])('%s is refused', (_, artifact, because) => {
  expect(() => readBakeConfig(artifact, expectation)).toThrow(
    `the bake config artifact cannot be used: ${because}`,
  );
});
