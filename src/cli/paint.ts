import type { Event, Warning } from '../platform/events.ts';
import { type Annotation, LONGEST_ANNOTATION } from './ci-commands.ts';
import {
  annotationLine,
  heading,
  ink,
  type Ink,
  type Line,
  type Look,
  messageLines,
  type SafeText,
  shown,
  words,
} from './door.ts';
import { columnsOf, cutText } from './fit.ts';
import { shortHashes } from './notation.ts';
import { pagePainter } from './page.ts';
import { shortError, shortName } from './step-text.ts';
import { wrapped } from './wrap.ts';

/** Lines of everything but steps and their output, which the two renderers show differently. */
export function eventPainter(
  look: Look,
): (event: Exclude<Event, { type: 'step' | 'log' | 'record' }>) => readonly Line[] {
  const paint = pagePainter(look);
  return (event) => {
    switch (event.type) {
      case 'section':
        return [titleLine(look, event.title, { open: event.open })];
      case 'warning':
        return warningLines(look, event.warning);
      case 'line':
      case 'table':
      case 'repositories':
      case 'two-ways':
        return paint(event);
    }
  };
}

function warningLines(look: Look, { code, message }: Warning): readonly Line[] {
  const told = headedLines(look, `warning: ${code}:`, { text: message, colour: 'magenta' });
  if (look.log !== 'github') return told;
  return annotated({ kind: 'warning', title: `warmbake: ${code}`, lines: message.split('\n') }, told);
}

/** An annotation in place of these lines; beside them where GitHub would cut it. */
export function annotated(annotation: Annotation, told: readonly Line[]): readonly Line[] {
  const isWhole = annotation.lines.join('\n').length <= LONGEST_ANNOTATION;
  return [annotationLine(annotation), ...(isWhole ? [] : told)];
}

/** A message behind its coloured head; wrapped where lines have an end, and there its hashes are shortened. */
export function headedLines(
  look: Look,
  head: string,
  { text, colour, exact = false }: { readonly text: string; readonly colour: Ink; readonly exact?: boolean },
): readonly SafeText[] {
  const lines = messageLines(`${head} `, text).flatMap((line) => brokenLine(look, line, { exact }));
  return lines.map((line, i) =>
    i === 0 && line.startsWith(head)
      ? words`${ink(look, colour, shown(head))}${shown(line.slice(head.length))}`
      : line,
  );
}

/** A line as it is, or in parts that fit. What is `exact` is for copying: nothing of it is shortened. */
function brokenLine(look: Look, line: SafeText, { exact }: { readonly exact: boolean }): readonly SafeText[] {
  const width = look.columns?.();
  if (width === undefined || columnsOf(line) <= width) return [line];
  const hang = line.length - line.trimStart().length + 2;
  return wrapped(exact ? line : shortHashes(line), { width, hang }).map((part) => shown(part));
}

/** A failed step: its last output together, unfolded. */
export function failureLines(
  look: Look,
  failed: { readonly name: string; readonly error?: string | undefined; readonly tail: readonly string[] },
): readonly Line[] {
  const { error } = failed;
  return [
    titleLine(look, shortName(`failed: ${failed.name}`), { open: true }),
    ...failed.tail.map((line) => words`  ${shown(line, look)}`),
    ...(error === undefined
      ? []
      : brokenLine(look, words`  ${shown(shortError(error))}`, { exact: false })
    ).map((line) => ink(look, 'red', line)),
  ];
}

/** A title is one line: it can open a log group. What it names is told again below it. */
function titleLine(look: Look, title: string, options: { readonly open?: boolean | undefined }): Line {
  const width = look.columns?.();
  return heading(width === undefined ? title : cutText(shown(title), width - HEADING), options);
}

/** What stands before a title: `== ` or `+++ `. */
const HEADING = 4;
