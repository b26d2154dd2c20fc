import { array, assert, boolean, constantFrom, integer, oneof, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, type Role, ROLES, TRUST } from '../../src/refs/candidate.ts';
import { type SourceAnswer, type Source } from '../../src/cache/chain.ts';
import { type Asked, chooseSources } from '../../src/cache/choose-sources.ts';
import { sourceWarnings } from '../../src/cache/source-warnings.ts';
import { type Digest, isTag, type Reference } from '../../src/registry/reference.ts';

function ref(tag: string): Reference {
  if (!isTag(tag)) throw new Error(tag);
  return { host: '127.0.0.1:5000', path: 'cache', tag };
}

const digest = (n: number): Digest => `sha256:${String(n).padStart(64, '0')}` as Digest;
const found = (n: number): SourceAnswer => ({
  state: 'found',
  digest: digest(n),
  manifest: {
    kind: 'cache',
    mediaType: '',
    config: { mediaType: '', digest: digest(0), size: 0 },
    layers: [],
    annotations: {},
  },
  config: new Uint8Array(),
});
const missing: SourceAnswer = { state: 'missing' };
const denied: SourceAnswer = { state: 'denied', because: '403 Forbidden' };

function asked(role: Role, tag: string, answer: SourceAnswer, alternative = false): Asked {
  return { candidate: { role, ref: ref(tag), trust: TRUST.own, alternative }, answer };
}

const fates = (sources: readonly Source[]): readonly (readonly [string, string?])[] =>
  sources.map(({ state, because }) => (because === undefined ? [state] : [state, because]));

describe('the fate of a candidate', () => {
  test.each<[string, readonly Asked[], readonly (readonly [string, string?])[]]>([
    ['found is imported', [asked('main', 'a', found(1))], [['found']]],
    ['what went wrong is said', [asked('main', 'a', denied)], [['denied', '403 Forbidden']]],
    [
      'two names of one cache are imported once',
      [asked('commit', 'a', found(1)), asked('main', 'b', found(1))],
      [['found'], ['duplicate', 'same as 127.0.0.1:5000/cache:a']],
    ],
    [
      'an alternative is not needed where the first was found',
      [asked('parent', 'a', found(1)), asked('parent', 'a', found(2), true)],
      [['found'], ['surplus', '127.0.0.1:5000/cache:a was found']],
    ],
    [
      'nor is what is wrong with it',
      [asked('parent', 'a', found(1)), asked('parent', 'a', denied, true)],
      [['found'], ['surplus', '127.0.0.1:5000/cache:a was found']],
    ],
    [
      'an alternative is imported where the first is missing',
      [asked('parent', 'a', missing), asked('parent', 'a', found(2), true)],
      [['missing'], ['found']],
    ],
    [
      'an alternative belongs to its own commit, where a role has several',
      [
        asked('previous', 'a', found(1)),
        asked('previous', 'b', missing),
        asked('previous', 'b', found(2), true),
      ],
      [['found'], ['missing'], ['found']],
    ],
    [
      'an alternative of another role is its own',
      [asked('commit', 'a', found(1)), asked('parent', 'b', found(2), true)],
      [['found'], ['found']],
    ],
    [
      'the limit drops the last',
      [asked('commit', 'a', found(1)), asked('own', 'b', found(2)), asked('main', 'c', found(3))],
      [['found'], ['found'], ['surplus', 'limit of 2 donors']],
    ],
    [
      'missing ones and duplicates do not count for the limit',
      [
        asked('commit', 'a', missing),
        asked('own', 'b', found(2)),
        asked('base', 'c', found(2)),
        asked('main', 'd', found(4)),
      ],
      [['missing'], ['found'], ['duplicate', 'same as 127.0.0.1:5000/cache:b'], ['found']],
    ],
  ])('%s', (_sentence, candidates, expected) => {
    expect(fates(chooseSources(candidates, 2))).toEqual(expected);
  });
});

test('whatever is answered, the order is kept, and at most so many are imported, each found and none twice', () => {
  const anyAnswer = oneof(integer({ min: 1, max: 4 }).map(found), constantFrom(missing, denied));
  const anyCandidate = record<Candidate>({
    role: constantFrom(...ROLES),
    ref: constantFrom('a', 'b', 'c', 'd').map(ref),
    trust: constantFrom(TRUST.own, TRUST.trusted),
    alternative: boolean(),
  });
  const anyAsked = array(record<Asked>({ candidate: anyCandidate, answer: anyAnswer }), { maxLength: 12 });
  assert(
    property(anyAsked, integer({ min: 1, max: 6 }), (candidates, maxSources) => {
      const sources = chooseSources(candidates, maxSources);
      expect(sources.map(({ role, ref: of }) => [role, of])).toEqual(
        candidates.map(({ candidate }) => [candidate.role, candidate.ref]),
      );
      const taken = candidates.filter((_, index) => sources[index]?.state === 'found');
      expect(taken.length).toBeLessThanOrEqual(maxSources);
      const digests = taken.map(({ answer }) => (answer.state === 'found' ? answer.digest : undefined));
      expect(digests).not.toContain(undefined);
      expect(new Set(digests).size).toBe(digests.length);
      // Nothing that was found is lost for another reason than a twin, a limit or an earlier find of its role.
      const anyFound = candidates.some(({ answer }) => answer.state === 'found');
      expect(taken.length > 0).toBe(anyFound);
    }),
  );
});

test('each cause is one warning, and a missing source is none', () => {
  const sources = chooseSources(
    [
      asked('commit', 'a', missing),
      asked('parent', 'b', denied),
      asked('own', 'c', { state: 'oversized', because: 'cache config of 2000000 bytes, limit 1048576' }),
      asked('main', 'd', denied),
      asked('base', 'e', found(1)),
    ],
    6,
  );
  expect(sourceWarnings(sources)).toEqual([
    {
      code: 'cache-source-denied',
      message:
        'not imported, denied: 403 Forbidden: parent 127.0.0.1:5000/cache:b, main 127.0.0.1:5000/cache:d',
    },
    {
      code: 'cache-source-oversized',
      message:
        'not imported, oversized: cache config of 2000000 bytes, limit 1048576: own 127.0.0.1:5000/cache:c',
    },
  ]);
});
