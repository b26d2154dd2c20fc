/** How many tests ended how; `.ci/verdict.cjs` reads it. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Skipped, and nobody said why; those that are still to be written among them. */
  readonly unexplained: number;
  /** Skipped, by the reason that each gave. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** Counts of several runs as those of one. */
export function sumOfCounts(all: readonly Counts[]): Counts {
  const skipped: Record<string, number> = {};
  for (const [because, tests] of all.flatMap((one) => Object.entries(one.skipped)))
    skipped[because] = (skipped[because] ?? 0) + tests;
  const sum = (count: 'passed' | 'failed' | 'unexplained'): number =>
    all.reduce((so, one) => so + one[count], 0);
  return { passed: sum('passed'), failed: sum('failed'), unexplained: sum('unexplained'), skipped };
}
