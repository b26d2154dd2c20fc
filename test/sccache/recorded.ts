import { readFileSync } from 'node:fs';
import type { StepSummary } from '../../src/bake/record.ts';
import { type SccacheListener, listenForSccache } from '../../src/sccache/listener.ts';
import { type SccacheSummary, summariseSccache } from '../../src/sccache/summary.ts';

/** Output of a real sccache; see the names of the files. */
export function recorded(name: string): string {
  return readFileSync(new URL(`../fixtures/sccache/${name}`, import.meta.url), 'utf8').trimEnd();
}

/** The line that a Dockerfile prints for a recorded JSON. */
export function statisticsLine(name: string): string {
  return `warmbake-sccache ${recorded(name)}`;
}

/** A RUN step that prints statistics, with what it printed. */
export interface SaidStep extends Partial<Pick<StepSummary, 'name' | 'verdict' | 'logClipped'>> {
  readonly says?: readonly string[];
}

export const COMPILE_STEP = '[build 3/5] RUN make && printf \'warmbake-sccache %s\\n\' "$(sccache …)"';

/** What is summed up of a build with these steps. */
export function summaryOf(...steps: readonly SaidStep[]): SccacheSummary {
  const listener: SccacheListener = listenForSccache();
  const summaries = steps.map(({ says = [], ...step }, index): StepSummary => {
    const id = `sha256:${index}`;
    listener.hear({ type: 'log', id, lines: says });
    const base = { name: COMPILE_STEP, verdict: 'executed', logClipped: false } as const;
    return { id, seconds: 1, bytesPulled: 0, layersPulled: [], ...base, ...step };
  });
  return summariseSccache(summaries, listener.heard());
}
