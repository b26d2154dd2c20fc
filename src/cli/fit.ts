/** Combining marks stand on the character before them. */
const MARK = /\p{Mn}/u;

/**
 * Columns of a character, at most: what terminals agree on is counted as it is, and symbols that some of them draw twice as wide are two.
 * Punctuation, arrows and lines are one; Han, Kana, Hangul and pictures are two (Unicode, UAX 11).
 */
function columnsOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x3_00) return 1;
  if (MARK.test(character)) return 0;
  const isNarrow =
    code < 0x11_00 || (code >= 0x20_00 && code < 0x23_00) || (code >= 0x25_00 && code < 0x25_80);
  return isNarrow ? 1 : 2;
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
