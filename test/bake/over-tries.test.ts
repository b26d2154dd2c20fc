import { expect, it } from 'vitest';
import { overTries } from '../../src/bake/over-tries.ts';
import { summarise, type StepSummary, type StreamRecord } from '../../src/bake/record.ts';
import { recorded, replay } from './replay.ts';

const first = summarise(replay(recorded('buildx-0.29/cold')).trace);

/** The next try of it: the builder has everything. */
function again(record: StreamRecord, verdict: StepSummary['verdict'] = 'loaded'): StreamRecord {
  const steps = record.steps.map((step): StepSummary => ({
    ...step,
    verdict,
    seconds: 0.25,
    bytesPulled: 0,
    layersPulled: [],
  }));
  return { ...record, steps };
}

it('one try is itself', () => {
  expect(overTries([], first)).toEqual(first);
});

it('what the first try executed was executed, though the second found it in the store', () => {
  const { totals, steps } = overTries([first, again(first)], again(first));
  expect(steps).toEqual(first.steps);
  expect(totals).toMatchObject({ executed: 6, loaded: 0 });
  expect(totals.secondsExecuting).toBe(first.totals.secondsExecuting);
});

it('what two tries executed counts once, with the time of both', () => {
  const { totals, steps } = overTries([again(first, 'executed')], again(first, 'executed'));
  expect(totals.executed).toBe(steps.length);
  expect(steps.map(({ seconds }) => seconds)).toEqual(steps.map(() => 0.5));
});

it('a step that failed in the end has failed, and one that failed before is what came of it', () => {
  expect(overTries([again(first, 'executed')], again(first, 'failed')).totals.failed).toBe(
    first.steps.length,
  );
  expect(overTries([again(first, 'failed')], again(first, 'executed')).totals).toMatchObject({ failed: 0 });
});

it('layers that were pulled by the first try were pulled', () => {
  const pulled: StreamRecord = {
    ...first,
    totals: { ...first.totals, bytesPulled: 7 },
    steps: first.steps.map((step) => ({ ...step, bytesPulled: 7, layersPulled: ['sha256:a'] })),
  };
  const { steps, totals } = overTries([pulled], again(first));
  expect(totals.bytesPulled).toBe(7 + first.totals.bytesPulled);
  expect(steps[0]).toMatchObject({ bytesPulled: 7, layersPulled: ['sha256:a'] });
});
