import type { Event } from '../platform/events.ts';
import { heading, ink, type Line, type Look, shown, words } from './door.ts';
import { shortError, shortName } from './step-text.ts';
import { tableLines } from './table.ts';

/** Lines of everything but steps and their output, which the two renderers show differently. */
export function pageLines(look: Look, event: Exclude<Event, { type: 'step' | 'log' }>): readonly Line[] {
  switch (event.type) {
    case 'section':
      return [heading(event.title, { open: event.open })];
    case 'line':
      return event.text.split('\n').map((line) => shown(line, look));
    case 'table':
      return tableLines(event.head, event.rows).map((line) => shown(line));
    case 'warning': {
      const { code, message } = event.warning;
      return [ink(look, 'yellow', words`warning: ${shown(code)}: ${shown(message)}`)];
    }
  }
}

/** A failed step: its last output together, unfolded. */
export function failureLines(
  look: Look,
  failed: { readonly name: string; readonly error?: string | undefined; readonly tail: readonly string[] },
): readonly Line[] {
  return [
    heading(shortName(`failed: ${failed.name}`), { open: true }),
    ...failed.tail.map((line) => words`  ${shown(line, look)}`),
    ...(failed.error === undefined ? [] : [ink(look, 'red', words`  ${shown(shortError(failed.error))}`)]),
  ];
}
