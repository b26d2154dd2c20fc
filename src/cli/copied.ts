import { columnsOf } from './fit.ts';
import { wrapped } from './wrap.ts';

/** What a shell takes as: the command goes on in the next line. */
const GOES_ON = ' \\';
const INDENT = 2;

/**
 * A command that fits a width, for copying: what it is for (`go on:  …`) stands above it where both are too wide, and it is broken
 * between its words as a shell reads it. A word that is wider than all of it stands alone.
 */
export function copiedLines(text: string, width: number): readonly string[] {
  if (columnsOf(text) <= width) return [text];
  const [, label = '', command = text] = /^(.*?\S: ) *(\S.*)$/.exec(text) ?? [];
  const start = label === '' ? text.length - text.trimStart().length : INDENT;
  const lines = brokenCommand(command.trimStart(), { width, start });
  return label === '' ? lines : [...wrapped(label.trimEnd(), { width, hang: INDENT }), ...lines];
}

function brokenCommand(
  command: string,
  { width, start }: { readonly width: number; readonly start: number },
): readonly string[] {
  const lines: string[] = [];
  let line = ' '.repeat(start);
  let isEmpty = true;
  const words = wordsOf(command);
  words.forEach((word, at) => {
    const longer = isEmpty ? line + word : `${line} ${word}`;
    const end = at === words.length - 1 ? '' : GOES_ON;
    if (isEmpty || columnsOf(longer + end) <= width) {
      line = longer;
    } else {
      lines.push(line + GOES_ON);
      line = `${' '.repeat(start + INDENT)}${word}`;
    }
    isEmpty = false;
  });
  return [...lines, line];
}

/** Words as a shell has them: spaces in quotes are no ends. */
function wordsOf(command: string): readonly string[] {
  return command.match(/(?:'[^']*'|"[^"]*"|[^ ])+/g) ?? [];
}
