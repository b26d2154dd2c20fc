/** Combining marks stand on the character before them. Compiling this takes milliseconds: only for who needs it. */
const MARK = /\p{Mn}/u;

/** Punctuation (the ellipsis, dashes), arrows, technical signs, lines: none of them stands on another character. */
const PLAIN = [
  [0x20_00, 0x20_d0],
  [0x21_00, 0x23_00],
  [0x25_00, 0x25_80],
] as const;

/**
 * Columns of a character, at most: what terminals agree on is counted as it is, and symbols that some of them draw twice as wide are two.
 * Punctuation, arrows and lines are one; Han, Kana, Hangul and pictures are two (Unicode, UAX 11).
 */
function columnsOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x3_00 || PLAIN.some(([from, to]) => code >= from && code < to)) return 1;
  if (MARK.test(character)) return 0;
  return code < 0x11_00 ? 1 : 2;
}

/** How many columns a text without escapes takes, at most. */
export function columnsOf(text: string): number {
  let used = 0;
  for (const character of text) used += columnsOfCharacter(character);
  return used;
}

/** The first `width` columns of text without escapes. */
export function fit(text: string, width: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += columnsOfCharacter(character);
    if (used > width) return kept;
    kept += character;
  }
  return kept;
}

/** Text that ends with `…` where it is cut. */
export function cutText(text: string, width: number): string {
  return columnsOf(text) <= width ? text : `${fit(text, width - 1)}…`;
}
