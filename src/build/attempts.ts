import { type Failure } from '../bake/failure.ts';
import type { Retry } from '../bake/retry-policy.ts';
import { decideRetry } from '../bake/retry-policy.ts';
import { type BakeRun, runBake } from '../bake/run.ts';
import { warn } from '../platform/events.ts';
import type { Desk } from './desk.ts';
import { bakeCall } from './bake-call.ts';
import type { BuildPlan } from './plan.ts';
import type { TargetPlan } from './target-plan.ts';

/** All tries at one bake call; the last one counts. */
export interface Attempts {
  readonly last: BakeRun;
  /** What went wrong before, in order. */
  readonly failures: readonly Failure[];
}

/** Bakes `targets` in one call, again where the kind of failure allows it (law L3: caches never decide the outcome). */
export async function bakeWithRetries(
  desk: Desk,
  plan: BuildPlan,
  targets: readonly TargetPlan[],
): Promise<Attempts> {
  const { host } = desk;
  const failures: Failure[] = [];
  let current = targets;
  for (;;) {
    const call = bakeCall(desk, { context: plan.context, targets: current, ...plan.call });
    const run = await runBake(host, call, { builder: plan.builder.name });
    if (run.failure === undefined) return { last: run, failures };
    failures.push(run.failure);
    const retry = decideRetry(failures);
    if (retry === undefined) return { last: run, failures };
    warn(host.emit, 'build-retried', `${run.failure.class}: ${run.failure.message}; ${describe(retry)}`);
    if (retry.change === 'fresh-credentials') await desk.login.refresh();
    if (retry.change === 'without-sources') current = current.map((t) => ({ ...t, sources: [] }));
    await host.clock.sleep(retry.delaySeconds * 1000, host.signal);
  }
}

function describe({ delaySeconds, change }: Retry): string {
  const when = delaySeconds === 0 ? 'trying again' : `trying again in ${delaySeconds} s`;
  if (change === 'none') return when;
  return `${when} ${change === 'without-sources' ? 'without cache sources' : 'with fresh credentials'}`;
}
