import type { Failure } from '../bake/failure.ts';
import { type Retry, decideRetry } from '../bake/retry-policy.ts';
import { type BakeRun, runBake } from '../bake/run.ts';
import { warn } from '../platform/events.ts';
import { listenForSccache } from '../sccache/listener.ts';
import { type SccacheSummary, summariseSccache } from '../sccache/summary.ts';
import { startFailureOf } from '../sccache/warnings.ts';
import { writeBakeCall } from './bake-call.ts';
import type { BuildServices } from './build-services.ts';
import type { BuildPlan } from './plan.ts';
import { type TargetPlan, cacheFromEntries } from './target-plan.ts';

/** One bake, and what its steps said about sccache. */
export interface Attempt extends BakeRun {
  readonly sccache: SccacheSummary;
}

/** All tries at one bake call; the last one counts. */
export interface Attempts {
  readonly last: Attempt;
  /** What went wrong before, in order, and in the last where it failed. */
  readonly failures: readonly Failure[];
}

/** Bakes `targets` in one call, again where the kind of failure allows it (law L3: caches never decide the outcome). */
export async function bakeWithRetries(
  services: BuildServices,
  plan: BuildPlan,
  targets: readonly TargetPlan[],
): Promise<Attempts> {
  const { host } = services;
  const failures: Failure[] = [];
  let current = targets;
  for (;;) {
    const last = await attempt(services, plan, current);
    if (last.failure === undefined) return { last, failures };
    failures.push(last.failure);
    const retry = decideRetry(failures);
    if (retry === undefined) return { last, failures };
    warn(host.emit, 'build-retried', `${last.failure.class}: ${last.failure.message}; ${describe(retry)}`);
    if (retry.change === 'fresh-credentials') await services.login.refresh();
    if (retry.change === 'without-sources') current = current.map((t) => ({ ...t, sources: [] }));
    await host.clock.sleep(retry.delaySeconds * 1000, host.signal);
  }
}

async function attempt(
  services: BuildServices,
  plan: BuildPlan,
  targets: readonly TargetPlan[],
): Promise<Attempt> {
  const { hear, heard } = listenForSccache();
  const host: BuildServices['host'] = {
    ...services.host,
    emit: (event) => {
      hear(event);
      services.host.emit(event);
    },
  };
  const { context, printed } = plan;
  const call = await writeBakeCall(services, {
    context,
    printed,
    targets,
    cacheFrom: cacheFromEntries(targets),
  });
  const run = await runBake(host, call, { builder: plan.builder.name });
  const sccache = summariseSccache(run.record.steps, heard());
  if (run.failure === undefined) return { ...run, sccache };
  return { ...run, sccache, failure: judge(run.failure, sccache) };
}

/** A step that ended because sccache did not start is no compile error: nothing of the change is wrong. */
function judge(failure: Failure, sccache: SccacheSummary): Failure {
  const start = failure.step === undefined ? undefined : startFailureOf(sccache, failure.step.name);
  return start === undefined ? failure : { ...failure, class: 'sccache', ...start };
}

function describe({ delaySeconds, change }: Retry): string {
  const when = delaySeconds === 0 ? 'trying again' : `trying again in ${delaySeconds} s`;
  if (change === 'none') return when;
  return `${when} ${change === 'without-sources' ? 'without cache sources' : 'with fresh credentials'}`;
}
