import { expect, it } from 'vitest';
import { variablesInText } from '../../src/bake/buildx.ts';
import { checkVariables } from '../../src/bake/variables.ts';

const names = {
  declared: new Set(['COMMIT', 'CACHE_FROM_BASE', 'MAX_JOBS']),
  set: ['COMMIT'],
  optional: [],
  passthrough: [],
  environment: ['HOME', 'COMMIT'],
};

it('a variable that no file declares is refused, with the name that was meant', () => {
  expect(() => checkVariables({ ...names, set: ['CACHE_FROM_BASS', 'NOTHING_LIKE_IT'] })).toThrow(
    "no bake file declares 'CACHE_FROM_BASS' (did you mean 'CACHE_FROM_BASE'?), 'NOTHING_LIKE_IT'",
  );
});

it('an optional variable may be missing', () => {
  expect(checkVariables({ ...names, set: ['COMMIT', 'LATER'], optional: ['LATER'] })).toEqual([]);
});

it('a declared variable that the environment sets but nobody passes is told', () => {
  expect(checkVariables({ ...names, environment: ['MAX_JOBS', 'COMMIT', 'HOME'] })).toMatchObject([
    { code: 'variable-not-passed', message: expect.stringContaining('MAX_JOBS') },
  ]);
  expect(checkVariables({ ...names, environment: ['MAX_JOBS'], passthrough: ['MAX_JOBS'] })).toEqual([]);
});

it.each([
  ['HCL', 'variable "A" {\n  default = 1\n}\n  variable B {}\n# variable "C" {', ['A', 'B']],
  ['JSON', '{"variable": {"A": {"default": "x"}, "B": {}}, "target": {}}', ['A', 'B']],
  ['compose', 'services:\n  a: {}\n', []],
])('variables are found in the text of a bake file: %s', (_, text, expected) => {
  expect(variablesInText(text)).toEqual(expected);
});
