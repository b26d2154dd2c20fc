/** The first `width` columns of text without escapes; a character outside of Latin, Greek or Cyrillic may need two. */
export function fit(text: string, width: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += (character.codePointAt(0) ?? 0) < 0x11_00 ? 1 : 2;
    if (used > width) return kept;
    kept += character;
  }
  return kept;
}
