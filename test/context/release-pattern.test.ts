import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesPattern } from '../../src/context/release-pattern.ts';

it.each([
  ['v*', 'v1.2.3', true],
  ['v*', 'v', true],
  ['v*', 'rv1', false],
  ['v*', 'V1', false],
  ['v*', 'v1/x', false],
  ['v*.*', 'v1', false],
  ['v*.*', 'v1.2', true],
  ['v1.2', 'v1x2', false],
  ['*', 'anything', true],
  ['*', 'a/b', false],
  ['*/*', 'a/b', true],
  ['release/*', 'release/1', true],
  ['release/*', 'release', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*-rc*', 'v1-rc2', true],
  ['*-rc*', 'v1', false],
  ['v[0-9]', 'v1', false],
])('%s means %s: %s', (pattern, tag, expected) => {
  expect(matchesPattern(pattern, tag)).toBe(expected);
});

it('means what the same regular expression does', () => {
  const text = fc.stringMatching(/^[ab.]{0,8}$/);
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), text, (pieces, tag) => {
      const plain = pieces.map((piece) => piece.replaceAll('.', String.raw`\.`)).join('.*');
      expect(matchesPattern(pieces.join('*'), tag)).toBe(new RegExp(`^${plain}$`).test(tag));
    }),
  );
});
