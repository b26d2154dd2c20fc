import type { SccacheSettings } from '../config/settings.ts';
import type { Warning } from '../platform/events.ts';
import { isStore, parseLocation } from './location.ts';
import { findingText } from './report.ts';
import { ADVICE, type StartFailure } from './start-failure.ts';
import { STATISTICS_LINE } from './statistics.ts';
import type { SccacheSummary, StepFinding } from './summary.ts';

/**
 * What must not go unnoticed: compilations that stored elsewhere than configured, servers that did not start, and
 * steps without statistics. Nothing where sccache is off.
 */
export function sccacheWarnings(summary: SccacheSummary, sccache: SccacheSettings): readonly Warning[] {
  if (!sccache.enabled) return [];
  return [
    ...elsewhere(summary, sccache).map((location) => locationWarning(location, sccache)),
    ...summary.steps.flatMap(({ name, finding }) => findingWarning(name, finding)),
    ...(summary.state === 'silent' ? [SILENT] : []),
  ];
}

const SILENT: Warning = {
  code: 'sccache-silent',
  message: `sccache is configured, but no step prints its statistics; end the compile step with: ${STATISTICS_LINE}`,
};

/** Where servers stored that did not use the configured store at all; each place once. */
function elsewhere({ steps }: SccacheSummary, sccache: SccacheSettings): readonly string[] {
  const all = steps.flatMap(({ finding }) =>
    finding.state === 'measured' ? [finding.statistics.locations] : [],
  );
  const wrong = all.filter((locations) => !locations.some((text) => isStore(parseLocation(text), sccache)));
  return [...new Set(wrong.map((locations) => locations.join(' and ')))];
}

function locationWarning(text: string, sccache: SccacheSettings): Warning {
  if (parseLocation(text).kind === 'local-disk') {
    const message = `sccache used '${text}' although bucket '${sccache.bucket}' is configured: this build's sccache has no S3 support, or the Dockerfile does not pass the bucket on`;
    return { code: 'sccache-local-disk', message };
  }
  const configured = [sccache.bucket, sccache.prefix].filter((part) => part !== '').join('/');
  return { code: 'sccache-other-store', message: `sccache used '${text}', configured is '${configured}'` };
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
