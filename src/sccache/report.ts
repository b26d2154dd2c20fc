import type { ByLanguage } from './statistics.ts';
import type { SccacheSummary, SccacheTotals, StepFinding } from './summary.ts';

const NOT_RUN = 'not run (layer cached)';
const UNFINISHED = 'the build ended before its statistics';

/** One line about sccache for log, annotation and record. */
export function sccacheLine(summary: SccacheSummary): string {
  const { totals, steps, state } = summary;
  if (totals !== undefined) {
    const others = steps.length - steps.filter(({ finding }) => finding.state === 'measured').length;
    const rest = others === 0 ? '' : `; ${others} more ${plural('step', others)} not measured`;
    return `sccache  ${totalsText(totals)}${rest}`;
  }
  const first = steps.find(({ finding }) => finding.state === state);
  if (first !== undefined) return `sccache  ${findingText(first.finding)}`;
  if (state === 'not-run') return `sccache  ${NOT_RUN}`;
  return `sccache  ${state === 'silent' ? 'no step prints its statistics' : UNFINISHED}`;
}

function totalsText(totals: SccacheTotals): string {
  const { hits, misses, hitRate, seconds } = totals;
  const looked =
    hitRate === undefined
      ? 'nothing was looked up'
      : `${percent(hitRate)} hits (${hits} of ${hits + misses}${missesText(totals.missesByLanguage)})`;
  const troubles = (
    [
      ['error', totals.errors],
      ['time-out', totals.timeouts],
      ['read error', totals.readErrors],
      ['write error', totals.writeErrors],
    ] as const
  ).flatMap(([what, n]) => (n === 0 ? [] : [`${n} ${plural(what, n)}`]));
  const times = `reading ${seconds.reading.toFixed(1)} s, compiling ${seconds.compiling.toFixed(1)} s`;
  return [looked, ...troubles, times, totals.locations.join(' and ')].join(', ');
}

function missesText(misses: ByLanguage): string {
  const parts = Object.entries(misses)
    .filter(([, n]) => n > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([language, n]) => `${language} ${n}`);
  return parts.length === 0 ? '' : `; misses: ${parts.join(', ')}`;
}

/** Rounded down: 99.97 % is not all. */
function percent(rate: number): string {
  return `${(Math.floor(rate * 1000) / 10).toFixed(1)} %`;
}

/** What a step tells, without its numbers. */
export function findingText(finding: StepFinding): string {
  switch (finding.state) {
    case 'measured':
      return 'measured';
    case 'not-started':
      return `did not start (${finding.startFailure.cause}): ${finding.startFailure.said}`;
    case 'not-run':
      return NOT_RUN;
    case 'clipped':
      return 'clipped: BuildKit dropped the end of the output, and the statistics with it';
    case 'unreadable':
      return `statistics unreadable: ${finding.because}`;
    case 'unfinished':
      return UNFINISHED;
  }
}

function plural(word: string, n: number): string {
  return n === 1 ? word : `${word}s`;
}
