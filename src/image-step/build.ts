import type { Failure } from '../bake/failure.ts';
import { ruleOf } from '../bake/failure-classes.ts';
import { readCi } from '../ci/read-ci.ts';
import { judgeTrust } from '../context/trust.ts';
import { createArguments, lostCreateRace } from '../bake/buildx.ts';
import { EXIT_CODE, WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import { explainExit, succeeded } from '../platform/process.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { type StoreAccess, prepareAccess } from '../sccache/access.ts';
import type { BuildServices } from './build-services.ts';
import { importText } from './import-plan.ts';
import { machineLines, readMachine } from './machine.ts';
import { bakePlainly } from './plain-bake.ts';
import { configurationLines, contextLines, switchLines, targetLines } from './plan-document.ts';
import { type BuildPlan, type PlanRequest, makePlan } from './plan.ts';
import { checkPush } from './push-check.ts';
import { pushRightsOf } from './push-rights.ts';
import { report } from './report.ts';
import type { BuildResult, TargetResult } from './result.ts';
import { notStarted, runTargets } from './run-targets.ts';
import { openSilenceCheck } from './silent-source.ts';
import { spared } from './spared.ts';
import { targetParts } from './target-parts.ts';
import type { TargetPlan } from './target-plan.ts';

/**
 * Builds: plan, skip or bake, read back, promote, report. A build that fails is a result, not an exception; thrown is
 * what keeps it from starting or what makes its result useless.
 */
export async function runBuild(outer: BuildServices, request: PlanRequest): Promise<BuildResult> {
  const warnings: Warning[] = [];
  const watched = withWarnings(outer, warnings);
  const services = { ...watched, silence: openSilenceCheck(watched) };
  const { host } = services;
  const start = host.clock.now().getTime();
  host.emit({ type: 'section', title: 'What this build is' });
  for (const text of switchLines(services)) host.emit({ type: 'line', text });
  const pushRight = pushRightsOf(services.registry);
  const planning = makePlan(services, { ...request, pushRight });
  planning.catch(() => undefined);
  const { settings } = services;
  const preparing = prepareAccess(
    host,
    settings.sccache,
    judgeTrust(readCi(host.env), settings, services.release),
  );
  preparing.catch(() => undefined);
  // In a container on EC2 its second may pass in vain: the plan does not wait for it.
  const telling = tellMachine(services);
  const plan = await planning;
  tellPlan(services, plan);
  const { bypass } = services.switches;
  const [ready] = await Promise.all([bypass ? plan : checkPush({ host, pushRight }, plan), telling]);
  const building = bypass || ready.targets.some((t) => t.skip.decision === 'build');
  const equipped = building ? await equip(services, ready, preparing) : services;
  const baking = bypass ? bakePlainly(equipped, ready) : bakeAll(equipped, ready);
  const targets = await baking.finally(equipped.secret?.remove);
  const result: BuildResult = {
    outcome: outcomeOf(targets),
    plan: ready,
    targets,
    warnings,
    seconds: (host.clock.now().getTime() - start) / 1000,
  };
  const reporting = async (): Promise<void> => await report(services, result);
  await spared(host, { code: 'report-failed', work: reporting, instead: undefined });
  return result;
}

/** Makes what only a build needs: the builder, and the credentials for sccache. */
async function equip(
  services: BuildServices,
  plan: BuildPlan,
  preparing: Promise<StoreAccess>,
): Promise<BuildServices> {
  await createBuilder(services, plan);
  const { secret, warnings } = await sayIfSlow(services.host, 'looking at the sccache store', preparing);
  for (const warning of warnings) services.host.emit({ type: 'warning', warning });
  return secret === undefined ? services : { ...services, secret };
}

async function bakeAll(services: BuildServices, plan: BuildPlan): Promise<readonly TargetResult[]> {
  const targets: TargetResult[] = [];
  for (const group of groupsOf(plan)) {
    const failed = targets.some((t) => t.outcome === 'failed');
    targets.push(...(failed ? group.map(notStarted) : await runTargets(services, plan, group)));
  }
  return targets;
}

function withWarnings(services: BuildServices, warnings: Warning[]): BuildServices {
  const { emit } = services.host;
  const host: BuildServices['host'] = {
    ...services.host,
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.warning);
      emit(event);
    },
  };
  return { ...services, host };
}

async function tellMachine({ host, settings }: BuildServices): Promise<void> {
  const machine = await readMachine(host, settings.marker);
  for (const text of machineLines(machine, host.clock.now())) host.emit({ type: 'line', text });
}

function tellPlan({ host }: BuildServices, plan: BuildPlan): void {
  for (const text of [...configurationLines(plan), ...contextLines(plan.context)])
    host.emit({ type: 'line', text });
  const { builder } = plan;
  const verb = builder.action === 'create' ? 'creating ' : '';
  host.emit({
    type: 'line',
    text: `builder  ${verb}${builder.name} (${builder.driver}): ${builder.because}`,
  });
  host.emit({ type: 'line', text: `import   ${importText(plan.import)}` });
  for (const part of targetParts(plan.targets, targetLines, { later: true })) host.emit(part);
  for (const warning of plan.warnings) host.emit({ type: 'warning', warning });
}

async function createBuilder({ host, docker }: BuildServices, { builder }: BuildPlan): Promise<void> {
  if (builder.action === 'use') return;
  const argv = [...docker.buildx, ...createArguments(builder)] as const;
  const finished = await host.processes.run(
    { argv, env: docker.env, timeoutMs: 60_000 },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  if (succeeded(finished) || lostCreateRace(finished)) return;
  throw new WarmbakeError(
    'outside',
    'builder-not-created',
    `'${argv.join(' ')}' failed: ${explainExit(finished)}`,
  );
}

/**
 * What is baked in one call. With one merged cache for all that is everything, so that shared stages run once; with sources of their
 * own targets are baked one after another, because BuildKit loses hits of stages that they share.
 */
function groupsOf({ targets, import: { way } }: BuildPlan): readonly (readonly TargetPlan[])[] {
  const building = targets.filter((t) => t.skip.decision === 'build');
  const rest = targets.filter((t) => t.skip.decision !== 'build').map((t) => [t]);
  const together = way !== 'single' && building.length > 0;
  return [...rest, ...(together ? [building] : building.map((t) => [t]))];
}

function outcomeOf(targets: readonly TargetResult[]): BuildResult['outcome'] {
  if (targets.some((t) => t.outcome === 'failed')) return 'failed';
  return targets.every((t) => t.outcome === 'skipped') ? 'skipped' : 'built';
}

/** What stopped the build, as an error; `undefined` where it stands. Of several failures the one with the highest exit code. */
export function failureOf(result: {
  readonly outcome: BuildResult['outcome'];
  readonly targets: readonly Pick<TargetResult, 'outcome' | 'failures'>[];
}): WarmbakeError | undefined {
  const failures = result.targets.flatMap((t) => (t.outcome === 'failed' ? t.failures.slice(-1) : []));
  const exitCode = (failure: Failure): number => EXIT_CODE[ruleOf(failure.class).kind];
  const [failure] = failures.toSorted((a, b) => exitCode(b) - exitCode(a));
  if (result.outcome !== 'failed' || failure === undefined) return undefined;
  const { hint } = failure;
  return new WarmbakeError(
    ruleOf(failure.class).kind,
    `build-${failure.class}`,
    failure.message,
    hint === undefined ? {} : { hint },
  );
}
