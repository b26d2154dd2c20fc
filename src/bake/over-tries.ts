import { type StepSummary, type StreamRecord, stepTotals, exactSum } from './record.ts';

/**
 * What several tries of the same build did together. A later try finds in the builder's store what an earlier one executed or pulled, and
 * says that it was loaded: a step counts as executed where any try executed it. Imports, exports and images are those of the last try,
 * since only they had an effect; times and bytes are sums. A step's id is the same in every try, since it does not depend on sources.
 */
export function overTries(earlier: readonly StreamRecord[], last: StreamRecord): StreamRecord {
  if (earlier.length === 0) return last;
  const steps = last.steps.map((step) =>
    withEarlier(
      step,
      earlier.flatMap((record) => record.steps.filter(({ id }) => id === step.id)),
    ),
  );
  const all = [...earlier, last].map(({ totals }) => totals);
  return {
    ...last,
    steps,
    totals: {
      ...stepTotals(steps),
      bytesPulled: exactSum(all.map(({ bytesPulled }) => bytesPulled)),
      importSeconds: exactSum(all.map(({ importSeconds }) => importSeconds)),
      exportSeconds: exactSum(all.map(({ exportSeconds }) => exportSeconds)),
    },
  };
}

function withEarlier(last: StepSummary, earlier: readonly StepSummary[]): StepSummary {
  const tries = [...earlier, last];
  const executed = tries.filter(({ verdict }) => verdict === 'executed');
  const counts = executed.length > 0 && last.verdict !== 'failed';
  return {
    ...last,
    ...(counts ? { verdict: 'executed', seconds: exactSum(executed.map(({ seconds }) => seconds)) } : {}),
    bytesPulled: exactSum(tries.map(({ bytesPulled }) => bytesPulled)),
    layersPulled: [...new Set(tries.flatMap(({ layersPulled }) => layersPulled))],
  };
}
