import { oneLine } from '../platform/outside-text.ts';
import type { PagePart } from '../platform/events.ts';
import { type Line, type Look, shown } from './door.ts';
import { copiedLines } from './copied.ts';
import { columnsOf } from './fit.ts';
import { type Notation, shortHashes, shortNotation, WHOLE } from './notation.ts';
import { tableLines } from './table.ts';
import { hangOf, wrapped } from './wrap.ts';

/** Turns parts of one page into lines that fit; keeps in mind which names were said already. */
export type Painter = (part: PagePart) => readonly Line[];

/** A painter for a page that begins. */
export function pagePainter(look: Look): Painter {
  let notation = WHOLE;
  const paint: Painter = (part) => {
    const width = look.columns?.();
    switch (part.type) {
      case 'two-ways':
        return (width === undefined ? part.whole : part.short).flatMap(paint);
      case 'repositories':
        if (width === undefined) return [];
        notation = shortNotation(part.names);
        return notation.legend.flatMap((line) => lineOn({ width, notation: WHOLE }, line, look));
      case 'table':
        return tableOn({ width, notation }, part);
      case 'line':
        if (part.exact === 'command' && width !== undefined)
          return part.text
            .split('\n')
            .flatMap((line) => copiedLines(oneLine(line), width))
            .map((line) => shown(line));
        return part.text
          .split('\n')
          .flatMap((line) =>
            part.exact !== undefined && part.exact !== false
              ? [shown(line)]
              : lineOn({ width, notation }, line, look),
          );
    }
  };
  return paint;
}

/** Without a width its lines have no end. */
interface Paper {
  readonly width: number | undefined;
  readonly notation: Notation;
}

/** From here on hashes are whole where the line has room for them. */
const ROOMY = 120;

function lineOn({ width, notation }: Paper, text: string, look: Look): readonly Line[] {
  const plain = oneLine(text);
  const written = notation.write(plain);
  const line = isTooLong(written, width) ? shortHashes(written) : written;
  // A line's own colours can only be kept in one piece.
  if (width === undefined || (line === plain && columnsOf(line) <= width)) return [shown(text, look)];
  return wrapped(line, { width, hang: hangOf(line) }).map((part) => shown(part));
}

function isTooLong(line: string, width: number | undefined): boolean {
  return width !== undefined && (width < ROOMY || columnsOf(line) > width);
}

function tableOn(
  { width, notation }: Paper,
  { head, rows, indent = 0 }: Extract<PagePart, { type: 'table' }>,
): readonly Line[] {
  const written = rows.map((row) => row.map((cell) => notation.write(oneLine(cell))));
  const lines = tableLines(head, written, { indent });
  if (!lines.some((line) => isTooLong(line, width))) return lines.map((line) => shown(line));
  const short = written.map((row) => row.map(shortHashes));
  return tableLines(head, short, { indent, ...(width === undefined ? {} : { width }) }).map((line) =>
    shown(line),
  );
}
