import type { SccacheSettings } from '../config/settings.ts';
import type { Warning } from '../platform/events.ts';
import { isStore, parseLocation } from './location.ts';
import { ADVICE, type StartFailure } from './start-failure.ts';
import { STATISTICS_LINE } from './statistics.ts';
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

function findingText(finding: StepFinding): string {
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

/**
 * What must not go unnoticed: compilations that stored elsewhere than configured, servers that did not start, and
 * steps without statistics. Nothing where sccache is off.
 */
export function sccacheWarnings(summary: SccacheSummary, sccache: SccacheSettings): readonly Warning[] {
  if (!sccache.enabled) return [];
  return [
    ...(summary.totals?.locations ?? []).flatMap((location) => locationWarning(location, sccache)),
    ...summary.steps.flatMap(({ name, finding }) => findingWarning(name, finding)),
    ...(summary.state === 'silent' ? [SILENT] : []),
  ];
}

const SILENT: Warning = {
  code: 'sccache-silent',
  message: `sccache is configured, but no step prints its statistics; end the compile step with: ${STATISTICS_LINE}`,
};

function locationWarning(text: string, sccache: SccacheSettings): readonly Warning[] {
  const location = parseLocation(text);
  if (isStore(location, sccache)) return [];
  if (location.kind === 'local-disk') {
    const message = `sccache used '${text}' although bucket '${sccache.bucket}' is configured: this build's sccache has no S3 support, or the Dockerfile does not pass the bucket on`;
    return [{ code: 'sccache-local-disk', message }];
  }
  const configured = [sccache.bucket, sccache.prefix].filter((part) => part !== '').join('/');
  return [{ code: 'sccache-other-store', message: `sccache used '${text}', configured is '${configured}'` }];
}

function findingWarning(step: string, finding: StepFinding): readonly Warning[] {
  const failure = 'startFailure' in finding ? finding.startFailure : undefined;
  if (failure !== undefined) return [startFailureWarning(step, failure)];
  if (finding.state !== 'unreadable' && finding.state !== 'clipped') return [];
  return [{ code: `sccache-${finding.state}`, message: `${short(step)}: ${findingText(finding)}` }];
}

function startFailureWarning(step: string, { cause, said }: StartFailure): Warning {
  return {
    code: 'sccache-not-started',
    message: `${short(step)}: sccache did not start (${cause}): ${said}; ${ADVICE[cause]}`,
  };
}

/** What stopped a build whose failed step could not start sccache; `undefined` for every other failure. */
export function startFailureOf(
  summary: SccacheSummary,
  failedStep: string,
): { readonly message: string; readonly hint: string } | undefined {
  const step = summary.steps.find(({ name }) => name === failedStep);
  if (step?.finding.state !== 'not-started') return undefined;
  const { cause, said } = step.finding.startFailure;
  return { message: `sccache did not start in ${short(step.name)} (${cause}): ${said}`, hint: ADVICE[cause] };
}

/** A command can be pages long. */
function short(step: string): string {
  return step.length > 80 ? `${step.slice(0, 79)}…` : step;
}

function plural(word: string, n: number): string {
  return n === 1 ? word : `${word}s`;
}
