import type { StepSummary } from '../bake/record.ts';
import type { Heard } from './listener.ts';
import type { StartFailure } from './start-failure.ts';
import { type ByLanguage, MARKER, type Statistics, parseStatistics } from './statistics.ts';

/** What a step tells about sccache. */
export type StepFinding =
  /** It compiled; a server that did not start at the first try is told beside. */
  | { readonly state: 'measured'; readonly statistics: Statistics; readonly startFailure?: StartFailure }
  /** sccache's server did not start: the step failed, or compiled without it. */
  | { readonly state: 'not-started'; readonly startFailure: StartFailure }
  /** Its layer came from a cache, or nobody needed it. */
  | { readonly state: 'not-run' }
  /** BuildKit dropped the part of the output with the statistics. */
  | { readonly state: 'clipped' }
  | { readonly state: 'unreadable'; readonly because: string }
  /** It ended before it printed statistics, or was never reached. */
  | { readonly state: 'unfinished' };

/** One step that uses sccache, as far as can be seen. */
export interface SccacheStep {
  readonly id: string;
  readonly name: string;
  readonly finding: StepFinding;
}

/** Sums over the steps that were measured. */
export interface SccacheTotals {
  readonly hits: number;
  readonly misses: number;
  /** 0 to 1; absent where nothing was looked up. */
  readonly hitRate?: number;
  readonly missesByLanguage: ByLanguage;
  readonly errors: number;
  readonly timeouts: number;
  readonly readErrors: number;
  readonly writeErrors: number;
  readonly seconds: Statistics['seconds'];
  /** Where sccache stored, each place once. */
  readonly locations: readonly string[];
}

/** The part of the build record about sccache; plain data, ready for JSON. */
export interface SccacheSummary {
  /** The most telling state of its steps; `silent` where steps ran and none is known to print statistics. */
  readonly state: StepFinding['state'] | 'silent';
  readonly steps: readonly SccacheStep[];
  /** Present where a step was measured. */
  readonly totals?: SccacheTotals;
}

/** From the most to the least telling. */
const STATES = [
  'measured',
  'not-started',
  'clipped',
  'unreadable',
  'unfinished',
  'not-run',
] as const satisfies readonly StepFinding['state'][];

/**
 * Sums up one bake from its steps and what they said. A step counts where the marker stands in its command or its
 * output: a layer from a cache says nothing, but its name still carries the command (unless that is a heredoc).
 */
export function summariseSccache(
  steps: readonly StepSummary[],
  heard: ReadonlyMap<string, Heard>,
): SccacheSummary {
  // BuildKit calls steps cached that it did not come to.
  const broken = steps.length === 0 || steps.some(({ verdict }) => BROKEN_OFF.has(verdict));
  const known = steps.flatMap((step): SccacheStep[] => {
    const said = heard.get(step.id);
    if (said === undefined && !step.name.includes(MARKER)) return [];
    return [{ id: step.id, name: step.name, finding: judge(step, said ?? {}, { broken }) }];
  });
  const measured = known.flatMap(({ finding }) => (finding.state === 'measured' ? [finding.statistics] : []));
  return {
    state:
      STATES.find((state) => known.some(({ finding }) => finding.state === state)) ??
      unknownState(steps, broken),
    steps: known,
    ...(measured.length === 0 ? {} : { totals: totalsOf(measured) }),
  };
}

const BROKEN_OFF: ReadonlySet<StepSummary['verdict']> = new Set(['failed', 'aborted', 'not-run']);

/** Of a build whose steps cannot be told by their names. */
function unknownState(steps: readonly StepSummary[], broken: boolean): SccacheSummary['state'] {
  if (broken) return 'unfinished';
  return steps.some(({ verdict }) => verdict === 'executed') ? 'silent' : 'not-run';
}

function judge(
  { verdict, logClipped }: StepSummary,
  { statistics, startFailure }: Heard,
  { broken }: { readonly broken: boolean },
): StepFinding {
  const parsed = statistics === undefined ? undefined : parseStatistics(statistics);
  // After a failed start, sccache prints zeros and exits with 0 (seen with 0.17).
  const empty = parsed?.ok !== true || parsed.statistics.requests === 0;
  if (startFailure !== undefined && empty) return { state: 'not-started', startFailure };
  if (parsed?.ok === true) {
    return {
      state: 'measured',
      statistics: parsed.statistics,
      ...(startFailure === undefined ? {} : { startFailure }),
    };
  }
  if (verdict === 'loaded' || verdict === 'pruned') return { state: broken ? 'unfinished' : 'not-run' };
  if (logClipped) return { state: 'clipped' };
  if (parsed !== undefined) return { state: 'unreadable', because: parsed.because };
  return verdict === 'executed'
    ? { state: 'unreadable', because: 'the step printed no statistics' }
    : { state: 'unfinished' };
}

function totalsOf(all: readonly Statistics[]): SccacheTotals {
  const sum = (of: (statistics: Statistics) => number): number => rounded(all.reduce((n, s) => n + of(s), 0));
  const hits = sum((s) => total(s.hits));
  const misses = sum((s) => total(s.misses));
  const missesByLanguage: Record<string, number> = {};
  for (const [language, n] of all.flatMap((s) => Object.entries(s.misses))) {
    missesByLanguage[language] = (missesByLanguage[language] ?? 0) + n;
  }
  return {
    hits,
    misses,
    ...(hits + misses === 0 ? {} : { hitRate: hits / (hits + misses) }),
    missesByLanguage,
    errors: sum((s) => total(s.errors)),
    timeouts: sum((s) => s.timeouts),
    readErrors: sum((s) => s.readErrors),
    writeErrors: sum((s) => s.writeErrors),
    seconds: {
      reading: sum((s) => s.seconds.reading),
      writing: sum((s) => s.seconds.writing),
      compiling: sum((s) => s.seconds.compiling),
    },
    locations: [...new Set(all.flatMap((s) => s.locations))],
  };
}

function total(counts: ByLanguage): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

/** Milliseconds are all the precision there is. */
function rounded(n: number): number {
  return Math.round(n * 1000) / 1000;
}
