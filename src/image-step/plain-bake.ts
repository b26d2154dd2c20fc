import { bakeArguments } from '../bake/buildx.ts';
import type { Failure } from '../bake/failure.ts';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { explainExit, succeeded } from '../platform/process.ts';
import { referenceName } from '../registry/reference.ts';
import { writeBakeCall } from './bake-call.ts';
import { closestEntry } from './import-plan.ts';
import type { BuildServices } from './build-services.ts';
import type { BuildPlan } from './plan.ts';
import type { TargetResult } from './result.ts';
import type { Writes } from './target-plan.ts';

/**
 * The way around this tool (WARMBAKE_BYPASS): one `docker buildx bake` of the planned definition, its output as it comes.
 * Nothing is tried again, read back or promoted; moving names stay where they are until the next build that is not bypassed. Names that
 * belong to this build alone come with no later one: those that it leaves out are a warning.
 */
export async function bakePlainly(
  services: BuildServices,
  plan: BuildPlan,
): Promise<readonly TargetResult[]> {
  const { host } = services;
  const { context, printed, targets } = plan;
  const cacheFrom = closestEntry(targets);
  const call = writeBakeCall(services, { context, printed, targets, cacheFrom });
  const names = call.targets.join(', ');
  host.emit({ type: 'section', title: `Building ${names} with plain bake` });
  const say = (text: string): void => host.emit({ type: 'line', text });
  const start = host.clock.now().getTime();
  const finished = await host.processes.run(
    {
      argv: [
        ...call.buildx,
        'bake',
        `--builder=${plan.builder.name}`,
        '--progress=plain',
        ...bakeArguments(call),
      ],
      env: call.env,
      cwd: call.cwd,
    },
    { onStdout: say, onStderr: say, discard: true, signal: host.signal },
  );
  host.signal.throwIfAborted();
  const failures: readonly Failure[] = succeeded(finished)
    ? []
    : [{ class: 'unknown', importing: false, message: `bake of ${names} failed: ${explainExit(finished)}` }];
  warnOfNames(host, targets);
  return targets.map((target) => ({
    name: target.settings.name,
    outcome: failures.length === 0 ? 'built' : 'failed',
    decision: target.skip,
    seconds: (host.clock.now().getTime() - start) / 1000,
    verified: [],
    exported: [],
    promoted: [],
    failures,
    ...(finished.exitCode === undefined ? {} : { bakeExitCode: finished.exitCode }),
  }));
}

function warnOfNames(host: Host, targets: readonly Writes[]): void {
  const once = targets.flatMap(({ promotions }) => promotions.filter((p) => p.writtenOnce === true));
  if (once.length === 0) return;
  const names = once.map(({ to }) => referenceName(to)).join(', ');
  const message = `${names}: not given, as WARMBAKE_BYPASS gives no names; run this build again without it`;
  warn(host.emit, 'names-not-given', message);
}
