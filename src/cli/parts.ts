import type { PagePart } from '../platform/events.ts';

/** A line of a page, or several. */
export function linePart(text: string): PagePart {
  return { type: 'line', text };
}

/** A line that somebody will copy: it is never broken. */
export function exactPart(text: string): PagePart {
  return { type: 'line', text, exact: true };
}

/** A command for people to copy, behind what it is for: `go on:  warmbake …`. */
export function commandPart(text: string): PagePart {
  return { type: 'line', text, exact: 'command' };
}

/** A table of a page. */
export function tablePart(head: readonly string[], rows: readonly (readonly string[])[]): PagePart {
  return { type: 'table', head, rows };
}
