import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { dotenvOf } from '../../../src/ci/report/dotenv.ts';

/** Variables as GitLab reads a dotenv report: a line is all up to the first `=`, and the rest, both trimmed; others fail the upload. */
function gitlabVariables(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').slice(0, -1);
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at < 0) throw new Error(`Invalid Format: ${line}`);
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

const NAMES = fc.constantFrom('WARMBAKE_A', 'WARMBAKE_B', 'A1', '1A', 'a', 'A-B', '', 'A=B');
const VALUES = fc.string({
  unit: fc.constantFrom('a', 'b:1', '@sha256:0f', ' ', '\n', '$', '$A', '"', '#', '=', '\\', 'ü', '\u0000'),
});

it('GitLab reads what is written as it was meant, and what it would not is left out and named', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(fc.array(fc.tuple(NAMES, VALUES), { maxLength: 40 }), (variables) => {
      const { text, leftOut } = dotenvOf(variables);
      const read = gitlabVariables(text);
      for (const [name, value] of Object.entries(read)) {
        // One value alone, whatever it is said to be elsewhere.
        expect(variables.filter(([other]) => other === name).every(([, other]) => other === value)).toBe(
          true,
        );
        expect(value).not.toMatch(/[$"'\\\n#]/);
        expect(name).toMatch(/^[A-Z_][A-Z0-9_]*$/);
      }
      expect([...Object.keys(read), ...leftOut].toSorted()).toEqual(
        [...new Set(variables.map(([name]) => name))].toSorted(),
      );
    }),
  );
});

it('holds no more than GitLab takes where nobody raised it: 20 variables, less than 5 KiB', () => {
  const many = Array.from({ length: 30 }, (_, i) => [`A${i}`, 'x'] as const);
  expect(dotenvOf(many).leftOut).toEqual(many.slice(20).map(([name]) => name));
  const { text, leftOut } = dotenvOf([
    ['A', 'x'.repeat(5_000)],
    ['B', 'y'.repeat(120)],
    ['C', 'z'],
  ]);
  expect(leftOut).toEqual(['B']);
  expect(text).toBe(`A=${'x'.repeat(5_000)}\nC=z\n`);
});

it('two targets whose names are one variable have none', () => {
  expect(
    dotenvOf([
      ['WARMBAKE_A_B_IMAGE', 'a'],
      ['WARMBAKE_A_B_IMAGE', 'b'],
      ['WARMBAKE_OUTCOME', 'built'],
    ]),
  ).toEqual({ text: 'WARMBAKE_OUTCOME=built\n', leftOut: ['WARMBAKE_A_B_IMAGE'] });
});
