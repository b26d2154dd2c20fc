import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import {
  annotationLine,
  framePage,
  jsonLine,
  jsonPage,
  heading,
  type Look,
  messageLines,
  pageOf,
  shown,
  textPage,
  words,
} from '../../src/cli/door.ts';
import { logChapters } from '../../src/cli/log-chapters.ts';
import { buildkiteGroups, githubCommands, gitlabMarkers } from './log-readers.ts';

const JOB: Look = { colour: true, log: 'buildkite' };
const LINES = fc.array(
  fc.string({
    unit: fc.constantFrom(
      ...Array.from('-+~^ ab\n\r\t\u001B\u202E:#[]%=;,\u200D\uFE0F\u0301\u00A0'),
      '---',
      '+++ ',
      '~~~',
      '^^^ +++',
      '\u001B[31m',
      '\u001B[0K',
      '::',
      '##[',
      '::error::',
      'error',
      'group',
      ']',
      '#\uFE0F\u20E3',
      '%0A',
      'section_start:1:a',
      '\r\u001B[0K',
    ),
    maxLength: 8,
  }),
);

/** A clock that stands. */
const AT = { ...clock, now: () => new Date(1_700_000_000_000) };

describe('in Buildkite', () => {
  it('no line from outside opens a group or ends one, whatever it begins with', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(LINES, (lines) => {
        const told = lines.map((line) => shown(line, JOB));
        expect(
          buildkiteGroups(pageOf(JOB, [heading('x'), ...told, heading('--- y', { open: true })])),
        ).toEqual(['--- x', '+++ --- y']);
        expect(buildkiteGroups(textPage(JOB, lines.join('\n')))).toEqual([]);
        expect(buildkiteGroups(pageOf(JOB, messageLines('', lines.join('\n'))))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('ordinary lines stand where they stood', () => {
    const text = 'a\n  b --- c\n\n- d\n+ e\n';
    expect(textPage(JOB, text)).toBe(text);
    expect(textPage({ ...JOB, log: 'plain' }, '--- a\n')).toBe('--- a\n');
  });
});

/** Every way in which a text leaves. */
function pagesOf(look: Look, lines: readonly string[]): readonly string[] {
  const text = lines.join('\n');
  return [
    pageOf(
      look,
      lines.map((line) => shown(line, look)),
    ),
    textPage(look, text),
    pageOf(look, messageLines('', text)),
    jsonPage(look, { [text]: lines }),
    jsonLine(look, { [text]: lines }),
    // No section is open or begins: these are lines.
    pageOf(
      look,
      lines.map((line) => heading(line, { open: true })),
    ),
  ];
}

describe('in GitHub Actions', () => {
  const look: Look = { colour: true, log: 'github' };

  it('no text from outside is a command, in the new form, the old one, or to who overlooks a part of it', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(LINES, (lines) => {
        for (const page of pagesOf(look, lines)) expect(githubCommands(page)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['::error::x', ': :error::x'],
    ['  ::set-output name=a::x', '  : :set-output name=a::x'],
    [':::', ': ::'],
    ['a ##[error]x ##[group]y', 'a ## [error]x ## [group]y'],
    ['###[error]', '### [error]'],
    ['\u001B[31m::error::x', '\u001B[31m: :error::x\u001B[0m'],
    [':\u0301:error::x', ': \u0301:error::x'],
    ['#\u0301#[error]x', '#\u0301# [error]x'],
    ['##\u001B[31m[error]x', '## \u001B[31m[error]x\u001B[0m'],
    ['a::b ## [c] #[d]', 'a::b ## [c] #[d]'],
    ['std::vector<int> :: x', 'std::vector<int> :: x'],
  ])('%j is shown as %j', (text, told) => {
    expect(pageOf(look, [shown(text, look)])).toBe(`${told}\n`);
    expect(textPage({ ...look, log: 'plain' }, text)).toBe(shown(text));
  });

  it('a chapter is a group, and its title is data', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(LINES, (titles) => {
        const run = { clock: AT, random: () => 0.5 };
        const chapters = logChapters(look, run);
        const marked = [...chapters.marked(titles.map((title) => heading(title))), ...chapters.ended()];
        const commands = githubCommands(pageOf(look, marked));
        expect(commands.map(({ name }) => name)).toEqual(titles.flatMap(() => ['group', 'endgroup']));
        // As the page of a job reads it.
        for (const { data } of commands) expect(githubCommands(data)).toEqual([]);
        expect(chapters.ended()).toEqual([]);
      }),
    );
    const title = pageOf(look, logChapters(look, { clock: AT, random: () => 0 }).marked([heading('100%0A')]));
    expect(title).toBe('::group::100%250A\n');
  });

  it('an annotation is one command with one message, whatever its texts hold, and in it is no other', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(LINES, fc.string(), fc.string({ minLength: 1 }), (lines, title, file) => {
        const at = { file, line: 3, column: 4 };
        const page = pageOf(look, [annotationLine({ kind: 'error', title: `t${title}`, lines, at })]);
        const [command, ...more] = githubCommands(page);
        expect(more).toEqual([]);
        expect(command).toMatchObject({ name: 'error', properties: { line: '3', col: '4' } });
        expect(Object.keys(command?.properties ?? {}).toSorted()).toEqual(['col', 'file', 'line', 'title']);
        // As its lines stand in the log.
        expect(githubCommands(command?.data ?? '')).toEqual([]);
      }),
    );
    const told = annotationLine({
      kind: 'warning',
      title: 'a: 50%, b',
      lines: ['100% %0A', 'two'],
      at: { file: '/a,b:c.yaml', line: 1, column: 2 },
    });
    expect(pageOf(look, [told])).toBe(
      '::warning title=a%3A 50%25%2C b,file=/a%2Cb%3Ac.yaml,line=1,col=2::100%25 %250A%0Atwo\n',
    );
  });

  it('a document is the same one, and holds no command', () => {
    const document = { message: 'x ##[error]y', '##[group]': ['::error::z', '###[['] };
    for (const page of [jsonPage(look, document), jsonLine(look, document)]) {
      expect(page).not.toContain('##[');
      expect(JSON.parse(page)).toEqual(document);
    }
    expect(jsonPage(JOB, document)).toContain('##[error]');
  });
});

describe('in GitLab', () => {
  const look: Look = { colour: true, log: 'gitlab' };

  it('no text from outside is a marker, and every chapter has its own section, collapsed unless it is open', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(LINES, fc.array(fc.boolean(), { maxLength: 4 }), (lines, opens) => {
        const chapters = logChapters(look, { clock: AT, random: () => 0.5 });
        const text = lines.map((line) => shown(line, look));
        const page = [
          ...opens.map((open, i) => [heading(lines[i] ?? 'x', { open }), ...text]),
          [...chapters.ended()],
        ].map((some) => pageOf(look, chapters.marked(some)));
        const markers = gitlabMarkers(page.join('') + pageOf(look, chapters.ended()));
        const starts = markers.filter(({ action }) => action === 'start');
        expect(starts.map(({ collapsed }) => !collapsed)).toEqual(opens);
        expect(new Set(starts.map(({ name }) => name)).size).toBe(opens.length);
        expect(markers.map(({ name }) => name)).toEqual(starts.flatMap(({ name }) => [name, name]));
        for (const other of pagesOf(look, lines)) expect(gitlabMarkers(other)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});

it('where several systems may read the log, none of them takes a command from it', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(LINES, (lines) => {
      for (const page of pagesOf({ colour: true, log: 'several' }, lines)) {
        expect(githubCommands(page)).toEqual([]);
        expect(buildkiteGroups(page)).toEqual([]);
        expect(gitlabMarkers(page)).toEqual([]);
      }
    }),
  );
});

it.each(['buildkite', 'github', 'gitlab', 'several', 'plain'] as const)(
  'a page that came through comes through again as it is: %s',
  (log) => {
    expect.hasAssertions();
    fc.assert(
      fc.property(LINES, (lines) => {
        const once = textPage({ ...JOB, log }, lines.join('\n'));
        expect(textPage({ ...JOB, log }, once)).toBe(once);
      }),
    );
  },
);

it('no address leaves with a password, in a line, a text, or a document', () => {
  const address = 'https://user:pass@example.com/a';
  const look: Look = { colour: false, log: 'buildkite' };
  const pages = [
    pageOf(look, [heading(address), shown(address), ...messageLines('error: ', `x\n${address}`)]),
    textPage(look, `x\n${address}\n`),
    jsonPage(look, { [address]: address }),
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
  expect(framePage({ colour: true, log: 'plain' }, { back: 2, hide: true, lines })).toBe(
    '\u001B[?2026h\u001B[?25l\r\u001B[2A\u001B[Jab own\n\u001B[?2026l',
  );
});
