import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TEMPLATE_NAMES, expand, faultOf, namesIn, piecesOf } from '../../src/config/template.ts';

test.each([
  ['plain', 'plain'],
  ['${commit}', 'c0ffee'],
  ['v-${commit}-${buildNumber}', 'v-c0ffee-7'],
  ['${branch}', ''],
  ['$${commit}', '${commit}'],
  ['$commit {commit} $', '$commit {commit} $'],
  ['a$${${commit}', 'a${c0ffee'],
])('%j gives %j', (template, text) => {
  expect(expand(template, { commit: 'c0ffee', buildNumber: '7' })).toBe(text);
});

test('a value is put in as it is, never expanded again', () => {
  expect(expand('${branch}', { branch: '${commit}$&', commit: 'c0ffee' })).toBe('${commit}$&');
});

test('pieces keep text and names apart', () => {
  expect(piecesOf('a${commit}b$${c}')).toEqual(['a', { name: 'commit' }, 'b', '${', 'c}']);
  expect(namesIn('${lane}-${commit}$${branch}')).toEqual(['lane', 'commit']);
});

describe('a template with a name that has no value is refused (B-18)', () => {
  test.each(['${}', '${Commit}', '${ commit }', '${constructor}', '${commit', '${lane}'])(
    '%j',
    (template) => {
      expect(faultOf(template, ['commit', 'branch'])).toBeDefined();
    },
  );
});

test('any text can be written so that it is left alone', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('$', '{', '}', '${', 'commit', 'x')), (parts) => {
      const text = parts.join('');
      const escaped = text.replaceAll('${', () => '$${');
      expect(faultOf(escaped, TEMPLATE_NAMES)).toBeUndefined();
      expect(expand(escaped, { commit: 'c0ffee' })).toBe(text);
    }),
  );
});
