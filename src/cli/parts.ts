import type { PagePart } from '../platform/events.ts';

/** A line of a page, or several. */
export function linePart(text: string): PagePart {
  return { type: 'line', text };
}

/** A line that somebody will copy: it is never broken. */
export function exactPart(text: string): PagePart {
  return { type: 'line', text, exact: true };
}

/** A table of a page. */
export function tablePart(head: readonly string[], rows: readonly (readonly string[])[]): PagePart {
  return { type: 'table', head, rows };
}
