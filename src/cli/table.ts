import { oneLine } from '../platform/outside-text.ts';
import { columnsOf } from './fit.ts';
import { wrapped } from './wrap.ts';

/** A column that is wrapped is not made narrower than this, unless it never was wider. */
const NARROWEST = 16;
const GAP = 2;

type Row = readonly string[];

/**
 * Lines of a table whose columns start at the same place; a cell is one line, trailing space is cut. Where they would be wider than
 * `width`, columns are wrapped; where that is not enough, what belongs to the first cell stands below it. A table without `head` is its rows.
 */
export function tableLines(
  head: Row,
  rows: readonly Row[],
  {
    width = Number.POSITIVE_INFINITY,
    indent = 0,
  }: { readonly width?: number; readonly indent?: number } = {},
): readonly string[] {
  const all = [...(head.length === 0 ? [] : [head]), ...rows].map((row) => row.map((cell) => oneLine(cell)));
  const natural = columnsIn(all).map((cells) => Math.max(...cells.map(columnsOf)));
  const room = width - indent;
  const widths = widthsFor(natural, all, room - GAP * (natural.length - 1));
  const lines =
    widths === undefined ? stacked(head, rows, room) : all.flatMap((row) => rowLines(row, widths, room));
  return lines.map((line) => (line === '' ? line : ' '.repeat(indent) + line));
}

function columnsIn(rows: readonly Row[]): readonly (readonly string[])[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, column) => rows.map((row) => row[column] ?? ''));
}

/** Widths of the columns that leave no word broken; `undefined` where there are none. */
function widthsFor(
  natural: readonly number[],
  rows: readonly Row[],
  room: number,
): readonly number[] | undefined {
  const last = natural.length - 1;
  const before = sumOf(natural.slice(0, -1));
  const left = Math.max(0, room - before);
  // The last column can be as narrow as one likes: its long words may begin below the others.
  if (left >= Math.min(natural[last] ?? 0, NARROWEST + GAP * last)) {
    return [...natural.slice(0, -1), Math.min(natural[last] ?? 0, left)];
  }
  const least = columnsIn(rows).map((cells, column) =>
    Math.max(
      Math.min(natural[column] ?? 0, NARROWEST),
      ...cells.flatMap((cell) => cell.split(' ').map(columnsOf)),
    ),
  );
  const widths = natural.map((width) => Math.min(width, Math.max(room, 0)));
  for (let over = sumOf(widths) - room; over > 0; over--) {
    const spare = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if ((spare[widest] ?? 0) === 0) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function rowLines(row: Row, widths: readonly number[], room: number): readonly string[] {
  const last = row.length - 1;
  const cells = row.map((cell, column) =>
    column === last ? [cell] : wrapped(cell, { width: widths[column] ?? 0, hang: 0 }),
  );
  const offset = widths.slice(0, last).reduce((sum, width) => sum + width + GAP, 0);
  const [ending = ''] = cells[last] ?? [];
  const height = Math.max(...cells.map((lines) => lines.length));
  const starts = Array.from({ length: height }, (_, line) =>
    cells
      .slice(0, last)
      .map((lines, column) => padded(lines[line] ?? '', (widths[column] ?? 0) + GAP))
      .join(''),
  );
  const [first = ''] = starts;
  const endings = wrapped(`${first}${ending}`.trimEnd(), { width: room, hang: offset });
  return Array.from({ length: Math.max(starts.length, endings.length) }, (_, line) => {
    if (line === 0) return endings[0] ?? '';
    const start = starts[line] ?? '';
    const rest = endings[line] ?? '';
    return start.trim() === '' ? rest : `${start}${rest.trimStart()}`.trimEnd();
  });
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}

/** As many columns as fit side by side, at least the first; below each row its other cells with their names, but for those that say nothing. */
function stacked(head: Row, rows: readonly Row[], width: number): readonly string[] {
  const all = (head.length === 0 ? rows : [head, ...rows]).map((row) => row.map((cell) => oneLine(cell)));
  const widths = columnsIn(all).map((cells) => Math.max(...cells.map(columnsOf)));
  const ends = widths.map((_, column) => sumOf(widths.slice(0, column + 1)) + GAP * column);
  const beside = Math.max(1, ends.filter((end) => end <= width).length);
  const lineOf = (row: Row): string =>
    row
      .slice(0, beside)
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd();
  const below = (row: Row): readonly string[] =>
    row.slice(beside).flatMap((cell, i) => {
      const name = head[beside + i]?.toLowerCase() ?? '';
      if (cell.trim() === '' || cell === '-') return [];
      return [name === '' ? oneLine(cell) : `${name} ${oneLine(cell)}`];
    });
  return [
    ...(beside > 1 && head.length > 0 ? [lineOf(head)] : []),
    ...rows.flatMap((row) => [
      ...wrapped(lineOf(row), { width, hang: HANG }),
      ...gathered(below(row), width - HANG).flatMap((line) =>
        wrapped(' '.repeat(HANG) + line, { width, hang: 2 * HANG }),
      ),
    ]),
  ];
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

const HANG = 2;

/** As many of the texts on a line as it has room for; none is broken. */
function gathered(texts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const longer = [lines.at(-1), text].filter((part) => part !== undefined).join(' '.repeat(GAP));
    if (lines.length > 0 && columnsOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(text);
  }
  return lines;
}
