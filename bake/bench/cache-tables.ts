import { tableLines } from '../../src/cli/table.ts';
import { CONTENDERS } from './contenders.ts';
import type { Cell } from './life.ts';
import { median } from './measure.ts';

/** All cells of one contender with one round trip: a list of runs for each scenario. */
export type Runs = Map<string, readonly Cell[]>;

/** Times for each round trip; what does not depend on it once, over all runs. */
export function cacheTables(
  names: readonly string[],
  measured: ReadonlyMap<number, readonly Runs[]>,
): readonly string[] {
  const head = CONTENDERS.map(({ name }) => name);
  const table = (
    title: string,
    columns: readonly Runs[],
    cell: (runs: readonly Cell[], ours: readonly Cell[]) => string,
  ) => {
    const rows = names.map((name) => {
      const ours = columns[0]?.get(name) ?? [];
      return [name, ...columns.map((runs) => cell(runs.get(name) ?? [], ours))];
    });
    return ['', ...tableLines([title, ...head], rows)];
  };
  const together = CONTENDERS.map((_, i): Runs => {
    const runs = [...measured.values()].map((columns) => columns[i] ?? new Map());
    return new Map(names.map((name) => [name, runs.flatMap((r) => r.get(name) ?? [])]));
  });
  const spans = (of: (cell: Cell) => number, digits: number) => (cells: readonly Cell[]) =>
    span(cells.map(of), digits);
  return [
    ...[...measured].flatMap(([ms, columns]) => [
      ...table(
        `seconds, ${ms} ms`,
        columns,
        spans((c) => c.seconds, 1),
      ),
      ...table(`warmbake : it, ${ms} ms`, columns, (theirs, ours) => ratio(ours, theirs)),
    ]),
    ...table(
      'steps executed',
      together,
      spans((c) => c.executed, 0),
    ),
    ...table(
      'MB pulled',
      together,
      spans((c) => c.pulled / 1e6, 1),
    ),
    ...table(
      'MB pushed',
      together,
      spans((c) => c.pushed / 1e6, 1),
    ),
  ];
}

/** `4.1 (3.9-5.0)`: the median, and the range where there is one. */
function span(values: readonly number[], digits: number): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map((v) =>
    v.toFixed(digits),
  );
  return low === high ? `${middle}` : `${middle} (${low}-${high})`;
}

function ratio(ours: readonly Cell[], theirs: readonly Cell[]): string {
  return (median(ours.map((c) => c.seconds)) / median(theirs.map((c) => c.seconds))).toFixed(2);
}
