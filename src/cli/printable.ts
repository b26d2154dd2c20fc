/** OSC, DCS, APC, PM and SOS strings with their end; CSI sequences; other escapes (ECMA-48). */
const ESCAPE = new RegExp(
  [
    String.raw`\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)?`,
    String.raw`\u001B\[[0-?]*[ -/]*[@-~]?`,
    String.raw`\u001B[ -/]*[0-~]?`,
  ].join('|'),
  'g',
);
const COLOUR = new RegExp(String.raw`^\u001B\[[\d;:]*m$`);
const CONTROL = new RegExp(String.raw`[\u0000-\u0008\u000B-\u001A\u001C-\u001F\u007F-\u009F]`, 'g');
const RESET = '\u001B[0m';

/**
 * Makes text from outside safe for one line of a terminal: nothing in it moves the cursor or changes a setting. Colours
 * stay where allowed and end with the text.
 */
export function printable(text: string, options: { readonly colour: boolean }): string {
  const kept = text.replaceAll(ESCAPE, (sequence) =>
    options.colour && COLOUR.test(sequence) ? sequence : '',
  );
  const line = kept.replaceAll('\t', '    ').replaceAll('\n', ' ').replaceAll(CONTROL, '');
  return line.includes('\u001B') ? `${line}${RESET}` : line;
}

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
