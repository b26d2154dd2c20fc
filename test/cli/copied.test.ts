import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { copiedLines } from '../../src/cli/copied.ts';
import { columnsOf } from '../../src/cli/fit.ts';

const COMMAND = "warmbake ami rollback --family cpu --reason 'agents do not start' --drain";

test('a command that fits stays as it is', () => {
  expect(copiedLines(`  ${COMMAND}`, 80)).toEqual([`  ${COMMAND}`]);
});

test('where it does not, what it is for stands above it', () => {
  expect(copiedLines(`go on:  ${COMMAND}`, 78)).toEqual(['go on:', `  ${COMMAND}`]);
});

test('where that is not enough it goes on as a shell reads it, and quoted words stay whole', () => {
  expect(copiedLines(`go on:  ${COMMAND}`, 44)).toEqual([
    'go on:',
    '  warmbake ami rollback --family cpu \\',
    "    --reason 'agents do not start' --drain",
  ]);
});

test('a shell reads the same command at any width, and no line is wider than its widest word asks for', () => {
  const word = fc.stringMatching(/^[a-z0-9./-]{1,24}$/);
  const quoted = fc.stringMatching(/^'[a-z ]{0,20}'$/);
  const words = fc.array(fc.oneof(word, quoted), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(words, fc.integer({ min: 32, max: 120 }), (command, width) => {
      const lines = copiedLines(command.join(' '), width);
      expect(
        lines
          .join('\n')
          .replaceAll(/ \\\n */g, ' ')
          .trim(),
      ).toBe(command.join(' '));
      for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
    }),
  );
});
