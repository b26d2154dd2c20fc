import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  framePage,
  jsonPage,
  heading,
  type Look,
  messageLines,
  pageOf,
  shown,
  textPage,
  words,
} from '../../src/cli/door.ts';

const JOB: Look = { colour: true, buildkite: true };
const LINES = fc.array(
  fc.string({
    unit: fc.constantFrom(
      ...Array.from('-+~^ ab\n\r\t\u001B\u202E'),
      '---',
      '+++ ',
      '~~~',
      '^^^ +++',
      '\u001B[31m',
    ),
    maxLength: 6,
  }),
);

/** As Buildkite's agent finds groups: colours do not count. */
const GROUP = /^(?:---|\+\+\+|~~~|\^\^\^)/;
const groupsOf = (page: string): readonly string[] =>
  page
    .replaceAll(/\u001B\[[\d;]*m/g, '')
    .split('\n')
    .filter((line) => GROUP.test(line));

describe('in Buildkite', () => {
  it('no line from outside opens a group or ends one, whatever it begins with', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(LINES, (lines) => {
        const told = lines.map((line) => shown(line, JOB));
        expect(groupsOf(pageOf(JOB, [heading('x'), ...told, heading('--- y', { open: true })]))).toEqual([
          '--- x',
          '+++ --- y',
        ]);
        expect(groupsOf(textPage(JOB, lines.join('\n')))).toEqual([]);
        expect(groupsOf(pageOf(JOB, messageLines('', lines.join('\n'))))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('a page that came through comes through again as it is', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(LINES, (lines) => {
        const once = textPage(JOB, lines.join('\n'));
        expect(textPage(JOB, once)).toBe(once);
      }),
    );
  });

  it('ordinary lines stand where they stood', () => {
    const text = 'a\n  b --- c\n\n- d\n+ e\n';
    expect(textPage(JOB, text)).toBe(text);
    expect(textPage({ ...JOB, buildkite: false }, '--- a\n')).toBe('--- a\n');
  });
});

it('no address leaves with a password, in a line, a text, or a document', () => {
  const address = 'https://user:pass@example.com/a';
  const look: Look = { colour: false, buildkite: true };
  const pages = [
    pageOf(look, [heading(address), shown(address), ...messageLines('error: ', `x\n${address}`)]),
    textPage(look, `x\n${address}\n`),
    jsonPage({ [address]: address }),
    pageOf(look, [shown('https://user:\u200Bpass@example.com/a')]),
  ];
  for (const page of pages) expect(page).not.toContain('pass');
});

it('a message of several lines is one: what follows the first cannot pass for a line of ours', () => {
  const lines = messageLines('error: ', 'refused:\nwarning: all is well\n  already below\n\u001B[2Jerror: x');
  expect(lines).toEqual(['error: refused:', '  warning: all is well', '  already below', '  error: x']);
});

it('a picture is drawn over the last one, and nothing in its lines moves the cursor', () => {
  const lines = [words`${shown('a\u001B[9Ab\r')} own`];
  expect(framePage({ colour: true, buildkite: false }, { back: 2, hide: true, lines })).toBe(
    '\u001B[?2026h\u001B[?25l\r\u001B[2A\u001B[Jab own\n\u001B[?2026l',
  );
});
