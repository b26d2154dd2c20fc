import { styleText } from 'node:util';
import type { Event } from '../platform/events.ts';
import { printable } from './printable.ts';
import { shortError, shortName } from './step-text.ts';
import { tableLines } from './table.ts';

/** How text may look. */
export interface Look {
  readonly colour: boolean;
  /** Log groups of Buildkite: `---` folded, `+++` unfolded. */
  readonly buildkite: boolean;
}

type Ink = Parameters<typeof styleText>[0];

/** Colours our own text. The caller has decided about colours, so Node's own look at the environment is switched off. */
export function ink(look: Look, colour: Ink, text: string): string {
  return look.colour ? styleText(colour, text, { validateStream: false }) : text;
}

/** A line of the page; none can open a log group by accident. */
export function pageLine(look: Look, text: string): string {
  const line = printable(text, look);
  return look.buildkite && /^(?:---|\+\+\+|~~~|\^\^\^)/.test(line) ? ` ${line}` : line;
}

/** The head of a chapter. */
export function heading(look: Look, title: string, options: { readonly open?: boolean | undefined }): string {
  const text = printable(title, { colour: false });
  if (look.buildkite) return `${options.open === true ? '+++' : '---'} ${text}`;
  return ink(look, 'bold', `== ${text}`);
}

/** Lines of everything but steps and their output, which the two renderers show differently. */
export function pageLines(look: Look, event: Exclude<Event, { type: 'step' | 'log' }>): readonly string[] {
  switch (event.type) {
    case 'section':
      return [heading(look, event.title, { open: event.open })];
    case 'line':
      return event.text.split('\n').map((line) => pageLine(look, line));
    case 'table':
      return tableLines(event.head, event.rows).map((line) => pageLine(look, line));
    case 'warning': {
      const { code, message } = event.warning;
      return [ink(look, 'yellow', printable(`warning: ${code}: ${message}`, { colour: false }))];
    }
  }
}

/** A failed step: its last output together, unfolded. */
export function failureLines(
  look: Look,
  failed: { readonly name: string; readonly error?: string | undefined; readonly tail: readonly string[] },
): readonly string[] {
  return [
    heading(look, shortName(`failed: ${failed.name}`), { open: true }),
    ...failed.tail.map((line) => `  ${printable(line, look)}`),
    ...(failed.error === undefined
      ? []
      : [ink(look, 'red', `  ${printable(shortError(failed.error), { colour: false })}`)]),
  ];
}
