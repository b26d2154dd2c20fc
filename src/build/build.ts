import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createArguments, lostCreateRace } from '../bake/buildx.ts';
import { buildkiteAgent } from '../buildkite/agent.ts';
import { referenceName } from '../image/reference.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { type Warning, warn } from '../platform/events.ts';
import { explain, succeeded } from '../platform/process.ts';
import { bakeWithRetries } from './attempts.ts';
import type { Desk } from './desk.ts';
import { finishCache, promoteImage, pushProblems, verifyTags } from './finish.ts';
import { machineLines, readMachine } from './machine.ts';
import { chainTable, contextLines } from './plan-document.ts';
import { type BuildPlan, type PlanRequest, makePlan } from './plan.ts';
import { promotionText } from './promotion.ts';
import { type BuildResult, type TargetResult, annotationText, cacheLine } from './result.ts';
import type { TargetPlan } from './target-plan.ts';

/** What the caller wants beyond the plan. */
export interface BuildRequest extends PlanRequest {
  /** Bake all targets in one call; by default one after another, since targets that share stages lose cache hits. */
  readonly together: boolean;
}

/**
 * Builds: plan, skip or bake, read back, promote, report. A build that fails is a result, not an exception; thrown is
 * what keeps it from starting or what makes its result useless.
 */
export async function runBuild(outer: Desk, request: BuildRequest): Promise<BuildResult> {
  const warnings: Warning[] = [];
  const desk = withWarnings(outer, warnings);
  const { host } = desk;
  const start = host.clock.now().getTime();
  host.emit({ type: 'section', title: 'What this build is' });
  const planning = makePlan(desk, request);
  planning.catch(() => undefined);
  const machine = await readMachine(host, desk.settings.marker);
  for (const text of machineLines(machine, host.clock.now())) host.emit({ type: 'line', text });
  const plan = await planning;
  tellPlan(desk, plan);
  const ready = await preparePush(desk, plan);
  if (ready.targets.some((t) => t.skip.decision === 'build')) await createBuilder(desk, ready);

  const targets: TargetResult[] = [];
  for (const group of groupsOf(ready.targets, request.together)) {
    const failed = targets.some((t) => t.outcome === 'failed');
    targets.push(...(failed ? group.map(notStarted) : await runGroup(desk, ready, group)));
  }
  const result: BuildResult = {
    outcome: outcomeOf(targets),
    plan: ready,
    targets,
    warnings,
    seconds: (host.clock.now().getTime() - start) / 1000,
  };
  await report(desk, result);
  return result;
}

function withWarnings(desk: Desk, warnings: Warning[]): Desk {
  const { emit } = desk.host;
  const host: Desk['host'] = {
    ...desk.host,
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.warning);
      emit(event);
    },
  };
  return { ...desk, host };
}

function tellPlan({ host }: Desk, plan: BuildPlan): void {
  for (const text of contextLines(plan.context)) host.emit({ type: 'line', text });
  const { builder } = plan;
  const verb = builder.action === 'create' ? 'creating ' : '';
  host.emit({
    type: 'line',
    text: `builder  ${verb}${builder.name} (${builder.driver}): ${builder.because}`,
  });
  for (const target of plan.targets) {
    host.emit({
      type: 'line',
      text: `target   ${target.settings.name}: ${target.skip.decision}, ${target.skip.because}`,
    });
    host.emit({ type: 'table', ...chainTable(target) });
  }
  for (const warning of plan.warnings) host.emit({ type: 'warning', warning });
}

/**
 * Finds a push that cannot work before the build starts. An image that cannot be pushed stops it; a cache that cannot
 * be exported is only left out.
 */
async function preparePush(desk: Desk, plan: BuildPlan): Promise<BuildPlan> {
  const building = plan.targets.filter((t) => t.skip.decision === 'build');
  const [images, caches] = await Promise.all([
    pushProblems(
      desk.registry,
      building.flatMap((t) => t.tags),
    ),
    pushProblems(
      desk.registry,
      building.flatMap((t) => t.exportTo),
    ),
  ]);
  if (images.size > 0) {
    const each = [...images].map(([name, because]) => `${name}: ${because}`);
    throw new WarmbakeError('outside', 'push-impossible', `the image cannot be pushed: ${each.join('; ')}`, {
      hint: 'check that the repository exists and that this job may write to it',
    });
  }
  for (const [name, because] of caches) {
    warn(desk.host.emit, 'cache-export-impossible', `no cache is exported to ${name}: ${because}`);
  }
  if (caches.size === 0) return plan;
  const writable = (ref: { readonly host: string; readonly path: string }): boolean =>
    !caches.has(`${ref.host}/${ref.path}`);
  return {
    ...plan,
    targets: plan.targets.map((t) => ({
      ...t,
      exportTo: t.exportTo.filter(writable),
      promotions: t.promotions.filter((p) => p.what === 'image' || writable(p.from)),
    })),
  };
}

async function createBuilder({ host, docker }: Desk, { builder }: BuildPlan): Promise<void> {
  if (builder.action === 'use') return;
  const argv = createArguments(builder);
  const finished = await host.processes.run(
    { argv, env: docker.env, timeoutMs: 60_000 },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  if (succeeded(finished) || lostCreateRace(finished)) return;
  throw new WarmbakeError(
    'outside',
    'builder-not-created',
    `'${argv.join(' ')}' failed: ${explain(finished)}`,
  );
}

function groupsOf(targets: readonly TargetPlan[], together: boolean): readonly (readonly TargetPlan[])[] {
  const building = targets.filter((t) => t.skip.decision === 'build');
  const rest = targets.filter((t) => t.skip.decision !== 'build').map((t) => [t]);
  if (together && building.length > 0) return [building, ...rest];
  return targets.map((t) => [t]);
}

async function runGroup(
  desk: Desk,
  plan: BuildPlan,
  group: readonly TargetPlan[],
): Promise<readonly TargetResult[]> {
  const [first] = group;
  if (first === undefined) return [];
  if (first.skip.decision !== 'build') return [await skip(desk, plan, first)];
  const { host } = desk;
  const names = group.map((t) => t.settings.name).join(', ');
  host.emit({ type: 'section', title: `Building ${names}` });
  const start = host.clock.now().getTime();
  const { last, failures } = await bakeWithRetries(desk, plan, group);
  const seconds = (host.clock.now().getTime() - start) / 1000;
  const common = { record: last.record, failures, seconds, ...exitCode(last) };
  host.emit({ type: 'line', text: cacheLine(last.record) });
  if (last.failure !== undefined) return group.map((t) => ({ ...empty(t, 'failed'), ...common }));
  host.emit({ type: 'section', title: `Reading back ${names}` });
  const results: TargetResult[] = [];
  for (const target of group) results.push({ ...(await finish(desk, plan, { target, last })), ...common });
  return results;
}

function exitCode({ exitCode: code }: { readonly exitCode?: number }): { readonly bakeExitCode?: number } {
  return code === undefined ? {} : { bakeExitCode: code };
}

async function finish(
  desk: Desk,
  plan: BuildPlan,
  {
    target,
    last,
  }: { readonly target: TargetPlan; readonly last: Awaited<ReturnType<typeof bakeWithRetries>>['last'] },
): Promise<TargetResult> {
  const { host } = desk;
  const verified = await verifyTags(desk, target.tags, last.digests[target.settings.name]);
  const cache = await finishCache(desk, plan.context, { target, record: last.record });
  const images = await promoteImage(
    desk,
    plan.context,
    target.promotions.filter((p) => p.what === 'image'),
  );
  const promoted = [...images, ...cache.promoted];
  for (const { ref, digest } of verified)
    host.emit({ type: 'line', text: `image    ${referenceName(ref)} ${digest}` });
  for (const { ref, digest } of cache.exported)
    host.emit({ type: 'line', text: `cache    ${referenceName(ref)} ${digest}` });
  for (const p of promoted) host.emit({ type: 'line', text: `name     ${promotionText(p)}` });
  return { ...empty(target, 'built'), verified, exported: cache.exported, promoted };
}

/** Nothing is built; a name that lags behind is put right. */
async function skip(desk: Desk, plan: BuildPlan, target: TargetPlan): Promise<TargetResult> {
  const repair = target.skip.decision === 'repair';
  const images = target.promotions.filter((p) => p.what === 'image');
  const promoted = repair ? await promoteImage(desk, plan.context, images) : [];
  for (const p of promoted) desk.host.emit({ type: 'line', text: `name     ${promotionText(p)}` });
  const verified = await verifyTags(desk, target.tags, undefined);
  return { ...empty(target, 'skipped'), verified, promoted };
}

function notStarted(target: TargetPlan): TargetResult {
  return empty(target, 'not-started');
}

function empty(target: TargetPlan, outcome: TargetResult['outcome']): TargetResult {
  return {
    name: target.settings.name,
    outcome,
    decision: target.skip,
    seconds: 0,
    verified: [],
    exported: [],
    promoted: [],
    failures: [],
  };
}

function outcomeOf(targets: readonly TargetResult[]): BuildResult['outcome'] {
  if (targets.some((t) => t.outcome === 'failed')) return 'failed';
  return targets.every((t) => t.outcome === 'skipped') ? 'skipped' : 'built';
}

/** Uploads what bake resolved (only of a build that stands) and annotates the step. */
async function report(desk: Desk, result: BuildResult): Promise<void> {
  const { host } = desk;
  const agent = buildkiteAgent(host);
  const { build } = result.plan.context;
  if (build === undefined) return;
  if (result.outcome !== 'failed') {
    for (const target of result.plan.targets) {
      const lane = target.settings.lane === '' ? '' : `-${target.settings.lane}`;
      const file = path.join(host.scratch, `bake-config-build-${build.number}${lane}.json`);
      await writeFile(file, `${JSON.stringify(result.plan.definition.raw, undefined, 2)}\n`);
      await agent.uploadArtifact(file);
    }
  }
  const style = result.outcome === 'failed' ? 'error' : result.warnings.length > 0 ? 'warning' : 'info';
  const context = `warmbake-${build.stepKey ?? result.plan.targets.map((t) => t.settings.name).join('-')}`;
  await agent.annotate(context, style, annotationText(result));
}

/** What stopped the build, as an error; `undefined` where it stands. */
export function failureOf(result: BuildResult): WarmbakeError | undefined {
  const failure = result.targets.flatMap((t) => t.failures).at(-1);
  if (result.outcome !== 'failed' || failure === undefined) return undefined;
  const kind = OUTSIDE.has(failure.class) ? 'outside' : 'build';
  const { hint } = failure;
  return new WarmbakeError(
    kind,
    `build-${failure.class}`,
    failure.message,
    hint === undefined ? {} : { hint },
  );
}

/** Failures that are not the build's own: exit code 5 instead of 6. */
const OUTSIDE: ReadonlySet<string> = new Set([
  'rate-limit',
  'registry-error',
  'expired-token',
  'quota',
  'denied',
  'engine',
]);
