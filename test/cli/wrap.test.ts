import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, cutText } from '../../src/cli/fit.ts';
import { tableLines } from '../../src/cli/table.ts';
import { hangOf, wrapped } from '../../src/cli/wrap.ts';

const WORD = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', 'é', '…', 'e\u0301', '字', '🚀', '-', ':'),
    minLength: 1,
    maxLength: 12,
  }),
  fc.constantFrom('registry.example.com/acme/app:latest', 'x'.repeat(70)),
);
const TEXT = fc.array(WORD, { maxLength: 20 }).map((all) => all.join(' '));

it.each([
  [
    'builder  default (docker): the engine exports',
    20,
    ['builder  default', '         (docker):', '         the engine', '         exports'],
  ],
  ['one two three four', 9, ['one two', '  three', '  four']],
  ['  a list: of words', 10, ['  a list:', '    of', '    words']],
  ['short', 80, ['short']],
  ['', 80, ['']],
  ['see registry.example.com/acme/app:1 there', 20, ['see', 'registry.example.com/acme/app:1', '  there']],
  ['字字 字字 字字', 9, ['字字 字字', '  字字']],
])('%j in %i columns', (text, width, lines) => {
  expect(wrapped(text, { width, hang: hangOf(text) })).toEqual(lines);
});

it('a wrapped line loses no word, and none but a word that stands alone is wider than asked for', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(
      TEXT,
      fc.integer({ min: 10, max: 90 }),
      fc.integer({ min: 0, max: 12 }),
      (text, width, hang) => {
        const lines = wrapped(text, { width, hang });
        expect(lines.join(' ').split(/ +/).filter(Boolean)).toEqual(text.split(/ +/).filter(Boolean));
        for (const line of lines) expect(columnsOf(line) <= width || !line.includes(' ')).toBe(true);
      },
    ),
  );
});

it.each([
  ['abc', 3],
  ['… → │', 5],
  ['e\u0301', 1],
  ['字', 2],
  ['🚀', 2],
  ['é', 1],
])('%s takes %i columns', (text, columns) => {
  expect(columnsOf(text)).toBe(columns);
});

it('what is cut says so, and is as wide as asked for', () => {
  expect(cutText('RUN make all', 8)).toBe('RUN mak…');
  expect(cutText('RUN make', 8)).toBe('RUN make');
});

describe('a table', () => {
  const HEAD = ['STACK', 'STATE', 'BECAUSE'];
  const ROWS = [
    ['premerge', 'in sync', ''],
    ['postmerge', 'failed', 'the launch template has no version that somebody could go back to'],
  ];

  it('that fits has its columns at the same places', () => {
    expect(tableLines(HEAD, ROWS.slice(0, 1))).toEqual(['STACK     STATE    BECAUSE', 'premerge  in sync']);
  });

  it('that does not fit wraps its last column below itself', () => {
    expect(tableLines(HEAD, ROWS, { width: 50 })).toEqual([
      'STACK      STATE    BECAUSE',
      'premerge   in sync',
      'postmerge  failed   the launch template has no',
      '                    version that somebody could go',
      '                    back to',
    ]);
  });

  it('whose columns have no room side by side has what is left below each row', () => {
    const wide = [
      'bk-cpu-queue-premerge-us-east-1',
      'ami-0123456789abcdef0 (version 12)',
      'ami-0123456789abcdef1',
    ];
    expect(tableLines(['STACK', 'FROM', 'TO'], [wide], { width: 50 })).toEqual([
      'bk-cpu-queue-premerge-us-east-1',
      '  from ami-0123456789abcdef0 (version 12)',
      '  to ami-0123456789abcdef1',
    ]);
    const image = ['ami-0123456789abcdef0', 'published', '-', 'one of the newest 3, and of use to a group'];
    expect(tableLines(['IMAGE', 'STATE', 'WARMTH-AS-MEASURED', 'BECAUSE'], [image], { width: 50 })).toEqual([
      'IMAGE                  STATE',
      'ami-0123456789abcdef0  published',
      '  because one of the newest 3, and of use to a',
      '    group',
    ]);
  });

  it('loses no word and is as wide as asked for, but for a word that stands alone', () => {
    expect.hasAssertions();
    const rows = fc
      .integer({ min: 1, max: 6 })
      .chain((columns) =>
        fc.array(fc.array(TEXT, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 4 }),
      );
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 40, max: 120 }),
        fc.integer({ min: 0, max: 4 }),
        (cells, width, indent) => {
          const lines = tableLines([], cells, { width, indent });
          const told = lines.join(' ');
          for (const word of cells.flat().flatMap((cell) => cell.split(' '))) expect(told).toContain(word);
          const tooWide = lines.filter((line) => columnsOf(line) > width && line.trim().includes(' '));
          expect(tooWide).toEqual([]);
        },
      ),
    );
  });
});
