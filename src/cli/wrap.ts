import { columnsOf } from './fit.ts';

/**
 * A line broken at its spaces, so that no part takes more than `width` columns. What follows stands `hang` columns to the right. A word
 * that is wider than all of it stands alone, as it is.
 */
export function wrapped(
  text: string,
  { width, hang }: { readonly width: number; readonly hang: number },
): readonly string[] {
  if (columnsOf(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const piece of text.match(/ *[^ ]+/g) ?? []) {
    if (columnsOf(line + piece) <= width) {
      line += piece;
      continue;
    }
    if (line !== '') lines.push(line);
    const word = piece.trimStart();
    // The first word of all keeps its place, if there is room.
    const indent = lines.length === 0 ? piece.length - word.length : hang;
    line = ' '.repeat(Math.max(0, Math.min(indent, width - columnsOf(word)))) + word;
  }
  return [...lines, line];
}

/** Where the second line of a text begins: below its text where it begins with a label (`builder  default …`), else a little to the right. */
export function hangOf(text: string): number {
  const label = /^[a-z]{1,8}(?: [a-z]{1,4})? {2,}(?=\S)|^[a-z]{8} (?=\S)/.exec(text)?.[0] ?? '';
  if (label !== '' && label.length <= LONGEST_LABEL) return label.length;
  return text.length - text.trimStart().length + 2;
}

const LONGEST_LABEL = 12;
