import { expect } from 'vitest';

/** Characters that a person does not see, or that a terminal obeys; colours and line ends are looked at beside. */
const HOSTILE =
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]/u;

/** Fails where a log moves a cursor, hides or reorders text, or opens other log groups than `groups` says. */
export function expectSafeLog(log: string, groups?: RegExp): void {
  const shown = log.replaceAll(/\u001B\[[\d;]*m/g, '');
  expect(shown).not.toMatch(HOSTILE);
  const opened = shown.split('\n').filter((line) => /^(?:---|\+\+\+|~~~|\^\^\^)/.test(line));
  expect(opened.filter((line) => groups?.test(line) !== true)).toEqual([]);
}
