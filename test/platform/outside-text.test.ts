import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, oneLine } from '../../src/platform/outside-text.ts';

const FAMILY = '\u{1F469}\u{1F3FD}\u200D\u{1F4BB}';
const ENGLAND = '\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}';

describe('text from outside', () => {
  it.each([
    ['colours', '\u001B[1;31mred\u001B[0m', '\u001B[1;31mred\u001B[0m'],
    ['colours that do not end', '\u001B[1;31mred', '\u001B[1;31mred\u001B[0m'],
    [
      'colours of a palette',
      '\u001B[38;5;8mgrey\u001B[48;2;8;8;8m',
      '\u001B[38;5;8mgrey\u001B[48;2;8;8;8m\u001B[0m',
    ],
    ['what is concealed', '\u001B[8mhidden\u001B[1;08;4m', 'hidden'],
    ['clear screen', '\u001B[2Ja\u001B[1;1Hb', 'ab'],
    ['window title', '\u001B]0;title\u0007a\u001B]8;;http://x\u001B\\b', 'ab'],
    ['Buildkite time stamps', '\u001B_bk;t=1700\u0007a', 'a'],
    ['half a sequence', 'a\u001B[12', 'a'],
    ['bells, backspaces, C1 controls', 'a\u0007\b\u009B2Jb', 'a2Jb'],
    ['tabs', 'a\tb', 'a    b'],
    ['line ends', 'a\r\nb\nc\u2028d\u2029e', 'a b c d e'],
    ['what is written over', 'ok\rno', 'okno'],
    ['bidi controls', 'a\u202Eb\u2066c\u200Fd\u061Ce', 'abcde'],
    ['zero-width characters', 'a\u200Bb\u2060c\uFEFFd\u00ADe\u200Df', 'abcdef'],
    ['tags and selectors that carry text', 'a\u{E0068}\u{E0069}b\uFE0F\u{E0101}c', 'abc'],
    ['half a pair', 'a\uD800b', 'a\uFFFDb'],
  ])('cannot move the cursor, hide or reorder: %s', (_, text, expected) => {
    expect(oneLine(text, { colour: true })).toBe(expected);
  });

  it.each([
    'plain text, ~ and \\ included',
    'Ünïcödé, Ελληνικά, кириллица, 日本語, 한국어, עברית, العربية',
    // Persian needs its non-joiner, Devanagari its joiner.
    'می\u200Cخواهم',
    'क्\u200Dष',
    FAMILY,
    ENGLAND,
    '❤\uFE0F 1\uFE0F\u20E3 🏳\uFE0F\u200D🌈 🤷\u200D♂\uFE0F 🇩🇪 ✔\uFE0E',
    '葛\u{E0100}',
  ])('of any language stays as it is: %s', (text) => {
    expect(oneLine(text)).toBe(text);
  });

  const HOSTILE = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        ...Array.from('\u001B[]\\;?mJAH018\u0007\r\n\t\b\u0085\u0090\u009B\u009Caä字क्مخ👩💻❤1#'),
        ...Array.from(
          '\u200B\u200C\u200D\u200E\u202A\u202E\u2066\u2069\u2028\u00AD\u061C\uFEFF\uFE0F\u20E3\uFFF9',
        ),
        ...Array.from('\u{E0001}\u{E0067}\u{E0062}\u{E007F}\u{E0100}\u{1F3F4}\u{1F3FD}\u3164'),
        '\uD800',
        '\uDC00',
        '\u001B[31m',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    size: 'large',
  });

  it('never holds a control character but those of colours, nor a character that hides', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(HOSTILE, fc.boolean(), (raw, colour) => {
        const safe = oneLine(raw, { colour }).replaceAll(/\u001B\[[\d;:]*m/g, colour ? '' : '!');
        expect(safe).not.toMatch(
          /\p{Cc}|[\u202A-\u202E\u2066-\u2069\u200B\u200E\u200F\u2060-\u2064\uFEFF\u2028\u2029]|\p{Cs}/u,
        );
        // What is left of the invisible stands between two characters that it belongs to.
        expect(safe).not.toMatch(/^(?:\u200C|\u200D|\uFE0F)|(?:\u200C|\u200D)$|(?:\u200C|\u200D){2}/u);
        expect(safe.replaceAll(/\u{1F3F4}[\u{E0030}-\u{E007A}]{3,6}\u{E007F}/gu, '')).not.toMatch(
          /[\u{E0001}-\u{E007F}]/u,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the same when it comes through twice', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(HOSTILE, fc.boolean(), (raw, colour) => {
        const once = oneLine(raw, { colour });
        expect(oneLine(once, { colour })).toBe(once);
      }),
      { numRuns: 1_000 },
    );
  });

  it('in JSON is the same value, in characters that a terminal can be shown', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(HOSTILE, HOSTILE, (key, value) => {
        const document = { [key]: [value, FAMILY] };
        const text = jsonText(document, { indent: 2 });
        expect(JSON.parse(text)).toEqual(document);
        const shown = text.replaceAll('\n', '');
        expect(shown).not.toMatch(/\p{Cc}|\p{DI}|[\u2028\u2029]|\p{Cs}/u);
        expect(oneLine(shown)).toBe(shown);
      }),
      { numRuns: 500 },
    );
  });
});
