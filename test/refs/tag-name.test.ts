import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCommitSha, type CommitSha } from '../../src/ci/commit-sha.ts';
import { isTag } from '../../src/registry/reference.ts';
import { branchTag, commitTag, latestTag, oldBranchTags, pullRequestTag } from '../../src/refs/tag-name.ts';

const LANES = ['', 'cpu', 'arm64', 'nightly', 'gpu-nightly', '7', 'a.b', 'x86_cpu'];

function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 10);
}

function tagOf(name: string, lane = ''): string {
  return branchTag(name, { lane, lanes: LANES });
}

function commit(text: string): CommitSha {
  if (!isCommitSha(text)) throw new Error(text);
  return text;
}

describe('a branch whose name is a tag keeps it', () => {
  it.each(['main', 'Release_1.2', 'v1.2.3', '_x', 'abcdef', 'pr-x', 'cpu', 'latest-2', 'x-deadbeef'])(
    '%s',
    (name) => {
      expect(tagOf(name)).toBe(name);
      expect(tagOf(name, 'arm64')).toBe(`${name}-arm64`);
    },
  );
});

describe('a name that is no tag, or could be taken for another, gets a hash', () => {
  it.each([
    ['feature/lora', 'feature-lora'],
    ['octocat:main', 'octocat-main'],
    ['dependabot/npm_and_yarn/@types/node-20', 'dependabot-npm_and_yarn-types-node-20'],
    ['fix#12+more', 'fix-12-more'],
    ['größe', 'gr-e'],
    ['漢字', 'branch'],
    ['-n', 'n'],
    ['..x', 'x'],
    ['', 'branch'],
    ['latest', 'latest'],
    ['pr', 'pr'],
    ['pr-7', 'pr-7'],
    ['deadbeef', 'deadbeef'],
    ['0'.repeat(40), '0'.repeat(40)],
    ['x-0123456789', 'x-0123456789'],
    ['fast-cpu', 'fast-cpu'],
    ['latest-cpu', 'latest-cpu'],
  ])('%s', (name, slug) => {
    expect(tagOf(name)).toBe(`${slug}-${hashOf(name)}`);
    expect(tagOf(name, 'arm64')).toBe(`${slug}-${hashOf(name)}-arm64`);
  });
});

it('a long name is shortened, its hash and its lane are not', () => {
  const name = 'long/'.repeat(60);
  const tag = tagOf(name, 'gpu-nightly');
  expect(tag).toHaveLength(128);
  expect(tag.endsWith(`-${hashOf(name)}-gpu-nightly`)).toBe(true);
});

it('names that differ in case only are two names', () => {
  expect(tagOf('Main')).not.toBe(tagOf('main'));
});

/** Names that people use, that attack, and that are the tags of other names. */
const innocent = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', minLength: 100, maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        'a',
        'A',
        '-',
        '.',
        '_',
        '/',
        'é',
        'pr',
        '7',
        'latest',
        '0123456789',
        'gpu',
        ...LANES.slice(1),
      ),
      {
        maxLength: 6,
      },
    )
    .map((parts) => parts.join('')),
  fc
    .array(
      fc.constantFrom('x', 'pr', '7', 'latest', 'branch', 'deadbeef', '0123456789', 'gpu', ...LANES.slice(1)),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map((parts) => parts.join('-')),
);
const lane = fc.constantFrom(...LANES);
const sneaky = fc.tuple(innocent, lane).map(([name, of]) => tagOf(name, of));
const anyName = fc.oneof(
  innocent,
  sneaky,
  sneaky.map((tag) => tag.slice(0, -4)),
);

const anyIdentity = fc.oneof(
  fc.tuple(anyName, lane).map(([name, of]) => ({ id: `branch ${name} ${of}`, tag: tagOf(name, of) })),
  fc
    .tuple(fc.integer({ min: 1, max: 999_999_999 }), lane)
    .map(([number, of]) => ({ id: `pr ${number} ${of}`, tag: pullRequestTag(number, of) })),
  fc
    .tuple(fc.stringMatching(/^[0-9a-f]{40}$/), lane)
    .map(([sha, of]) => ({ id: `commit ${sha} ${of}`, tag: commitTag(commit(sha), of) })),
  lane.map((of) => ({ id: `latest ${of}`, tag: latestTag(of) })),
);

it('every branch name in every lane gives a valid tag that ends in its lane (L2, B-16)', () => {
  fc.assert(
    fc.property(anyName, lane, (name, of) => {
      const tag = tagOf(name, of);
      expect(isTag(tag)).toBe(true);
      expect(tag.endsWith(of === '' ? '' : `-${of}`)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it('two names or two lanes never share a tag, with branches, pull requests, commits and latest mixed (L2)', () => {
  fc.assert(
    fc.property(fc.array(anyIdentity, { minLength: 2, maxLength: 60 }), (identities) => {
      const byTag = new Map<string, string>();
      for (const { id, tag } of identities) {
        expect(byTag.get(tag) ?? id).toBe(id);
        byTag.set(tag, id);
      }
    }),
    { numRuns: 1000 },
  );
});

it('no branch of few parts shares a tag with another, whatever is tried (L2)', () => {
  const parts = ['pr', '7', 'x', 'latest', 'gpu', 'nightly', '0123456789', 'a.b', '-', '/'];
  const pairs = parts.flatMap((a) => parts.map((b) => `${a}-${b}`));
  const triples = pairs.flatMap((a) => parts.map((b) => `${a}-${b}`));
  const names = [...parts, ...pairs, ...triples, ...parts.flatMap((a) => parts.map((b) => a + b))];
  const every = [
    ...new Set([
      ...names,
      ...names.map((name) => tagOf(name)),
      ...names.map((name) => tagOf(name, 'nightly')),
    ]),
  ];
  const identities = [
    ...LANES.flatMap((of) => every.map((name) => ({ id: `branch ${name} ${of}`, tag: tagOf(name, of) }))),
    ...LANES.map((of) => ({ id: `latest ${of}`, tag: latestTag(of) as string })),
    ...LANES.map((of) => ({ id: `pr 7 ${of}`, tag: pullRequestTag(7, of) as string })),
  ];
  const byTag = new Map(identities.map(({ id, tag }) => [tag, id]));
  expect(identities.filter(({ id, tag }) => byTag.get(tag) !== id)).toEqual([]);
});

describe('the older scripts called a branch', () => {
  it.each([
    ['main', ['main']],
    ['feature/a+b', ['feature_a_b']],
    ['größe', ['gr__e', 'gr____e']],
    ['😀', ['_', '____']],
    ['x'.repeat(200), ['x'.repeat(128)]],
    ['é'.repeat(100), ['_'.repeat(100), '_'.repeat(128)]],
    ['-n', []],
    ['.hidden', []],
    ['', []],
  ])('%s', (name, tags) => {
    expect(oldBranchTags(name)).toEqual(tags);
  });
});
