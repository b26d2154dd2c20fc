import { expect, it } from 'vitest';
import { changedSettings } from '../../src/config/difference.ts';

const USED = 'trustedBranch: main\n';

it.each<[string, string]>([
  ['brackets without end', '['.repeat(60_000)],
  ['mappings in mappings', '{a: '.repeat(15_000)],
  ['lists in lists', `${'- '.repeat(30_000)}x`],
  ['keys in keys', `${'? '.repeat(30_000)}x`],
  ['a staircase', Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ['a long text', `x: "${'y'.repeat(10_000_000)}"`],
  ['many keys', Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n')],
])("another's file that is made to keep its reader busy is not read: %s", (_, text) => {
  expect(changedSettings(USED, text)).toBeUndefined();
});

it('an ordinary file is compared setting by setting', () => {
  expect(changedSettings(USED, 'trustedBranch: next\nbake: { files: [a.hcl] }\n')).toEqual([
    'bake',
    'trustedBranch',
  ]);
});
