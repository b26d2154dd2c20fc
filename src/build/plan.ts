import { realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bringsOwnSources, requireAgreement } from '../bake/agreement.ts';
import { type BuilderChoice, decideBuilder } from '../bake/builder.ts';
import { builderFacts } from '../bake/builder-facts.ts';
import { type BakeCall, declaredVariables, printDefinition, readBakeFile } from '../bake/buildx.ts';
import type { Definition } from '../bake/definition.ts';
import { overlayEnvironment, overlayText } from '../bake/overlay.ts';
import { outsidePaths } from '../bake/paths.ts';
import { checkVariables } from '../bake/variables.ts';
import { type Source, imported } from '../cache/chain.ts';
import { probeCandidates } from '../cache/probe.ts';
import { sourceWarnings } from '../cache/source-warnings.ts';
import { cacheSources } from '../cache/sources.ts';
import type { TargetSettings } from '../config/settings.ts';
import { expand } from '../config/template.ts';
import type { BuildContext } from '../context/context.ts';
import { buildContext } from '../context/build-context.ts';
import { changedFiles } from '../context/changes.ts';
import { referenceName } from '../image/reference.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import type { Desk } from './desk.ts';
import { imageFact } from './image-fact.ts';
import { planPromotion } from './promotion.ts';
import { type SkipDecision, decideSkip } from './skip.ts';
import { type TargetPlan, type Writes, buildValues, promisedBy, writesOf } from './target-plan.ts';

/** What the caller wants. */
export interface PlanRequest {
  /** Names of configured targets; empty: the only one there is. */
  readonly targets: readonly string[];
  /** A local build may push. */
  readonly push: boolean;
  /** Ask no registry: every source is `unprobed` and imported. */
  readonly offline: boolean;
  /** Build although the image exists. */
  readonly force: boolean;
}

/** Everything that a build would do, before it does anything. */
export interface BuildPlan {
  readonly context: BuildContext;
  readonly targets: readonly TargetPlan[];
  readonly builder: BuilderChoice;
  /** What bake resolves; agrees with `targets` (law L4). */
  readonly definition: Definition;
  /** How bake is called for these targets. */
  readonly call: BakeCall;
  readonly warnings: readonly Warning[];
}

/**
 * Makes the plan. Sources are asked while builder and definition are prepared, so that probing adds no wait of its own.
 * Writes nothing but the overlay in the scratch directory. Throws where the build could not do what the plan says.
 */
export async function makePlan(desk: Desk, request: PlanRequest): Promise<BuildPlan> {
  const { host, settings } = desk;
  const chosen = chooseTargets(settings.targets, request.targets);
  const overlay = path.join(host.scratch, 'ci.hcl');
  await writeFile(overlay, overlayText(settings));

  // The builder needs no context, and git may take seconds.
  const builder = builderFacts(host, settings.builder, desk.docker).then((f) =>
    decideBuilder(settings.builder, f),
  );
  builder.catch(() => undefined);
  const context = await buildContext(host, desk.history, settings);
  if (context.origin.kind === 'local' && request.push) await requireCleanCheckout(desk);

  const writes = chosen.map((target) => ({
    settings: target,
    ...writesOf(context, target, { settings, push: request.push }),
  }));
  const blind = writes.map((w) => ({ ...w, sources: [] as readonly Source[] }));
  const call = bakeCall(desk, { context, overlay, targets: blind });
  const [sources, first, variables] = await Promise.all([
    Promise.all(chosen.map((target) => sourcesOf(desk, context, { target, offline: request.offline }))),
    firstLook(desk, call, blind),
    variableWarnings(desk, call),
  ]);
  const planned = writes.map((w, i) => ({ ...w, sources: sources[i] ?? [] }));
  const [resolved, skips] = await Promise.all([
    resolve(desk, { context, overlay, targets: planned, brings: first.brings }),
    Promise.all(
      planned.map((t) => skipOf(desk, { context, target: t, definition: first.definition, request })),
    ),
  ]);
  const { choice, warnings } = await builder;
  return {
    context,
    targets: planned.map((t, i) => ({ ...t, skip: skips[i] ?? NOT_ASKED })),
    builder: choice,
    ...resolved,
    warnings: [...warnings, ...variables, ...sourceWarnings(sources.flat())],
  };
}

const NOT_ASKED: SkipDecision = { decision: 'build', because: 'the registry was not asked (--offline)' };

type Unskipped = Omit<TargetPlan, 'skip'>;

/** The settings of the named targets. Throws `usage` for a name that is not configured, and where one must be chosen. */
export function chooseTargets(
  configured: readonly TargetSettings[],
  named: readonly string[],
): readonly TargetSettings[] {
  const known = configured.map((t) => t.name).join(', ');
  if (named.length === 0 && configured.length === 1) return configured;
  if (named.length === 0) {
    throw new WarmbakeError('usage', 'target-needed', `name the targets to build; configured are ${known}`);
  }
  return [...new Set(named)].map((name) => {
    const found = configured.find((t) => t.name === name);
    if (found !== undefined) return found;
    throw new WarmbakeError(
      'usage',
      'unknown-target',
      `'${name}' is no configured target; there are ${known}`,
    );
  });
}

function bakeCall(
  { settings, docker }: Desk,
  { context, overlay, targets }: { context: BuildContext; overlay: string; targets: readonly Unskipped[] },
): BakeCall {
  const values = buildValues(context, targets);
  const variables = Object.entries(settings.bake.variables).map(([name, text]) => [
    name,
    expand(text, values),
  ]);
  return {
    files: [...settings.bake.files, overlay],
    targets: targets.map((t) => t.settings.name),
    set: [],
    env: { ...docker.env, ...Object.fromEntries(variables), ...overlayEnvironment(values) },
    cwd: settings.root,
  };
}

async function sourcesOf(
  { registry, host, settings }: Desk,
  context: BuildContext,
  { target, offline }: { readonly target: TargetSettings; readonly offline: boolean },
): Promise<readonly Source[]> {
  const candidates = cacheSources(context, target, settings);
  const { maxSources } = settings.cache;
  if (!offline) return await probeCandidates(candidates, { registry, host }, { maxSources });
  return candidates.map(({ role, ref }) => ({ role, ref, state: 'unprobed' }));
}

/** Resolves without sources: what the files define, whether they may be built, and which bring sources of their own. */
async function firstLook(
  { host, settings }: Desk,
  call: BakeCall,
  targets: readonly Unskipped[],
): Promise<{ readonly definition: Definition; readonly brings: readonly string[] }> {
  for (const file of settings.bake.files) await readBakeFile(path.resolve(settings.root, file));
  const definition = await printDefinition(host, call);
  const outside = outsidePaths(definition, {
    root: settings.root,
    allow: settings.bake.allow,
    resolve: realPath,
  });
  if (outside.length > 0) {
    const each = outside.map((o) => `${o.target}: ${o.what} ${o.path}`);
    throw new WarmbakeError(
      'config',
      'path-outside',
      `the definition reaches outside of ${settings.root}:\n  ${each.join('\n  ')}`,
      { hint: 'add the path to bake.allow if it is meant' },
    );
  }
  const nothing = { commit: '', buildNumber: '', buildId: '', branch: '', targets: [] };
  const brings = targets
    .map((t) => t.settings)
    .filter((t) => bringsOwnSources(promisedBy(settings, t, nothing), definition))
    .map((t) => t.name);
  return { definition, brings };
}

/** The definition with the sources in it, compared with the plan. */
async function resolve(
  desk: Desk,
  plan: {
    readonly context: BuildContext;
    readonly overlay: string;
    readonly targets: readonly Unskipped[];
    /** Targets whose files bring sources: bake merges the lists, only `--set` replaces them. */
    readonly brings: readonly string[];
  },
): Promise<{ readonly definition: Definition; readonly call: BakeCall }> {
  const call = { ...bakeCall(desk, plan), set: plan.targets.flatMap((t) => replaceSources(t, plan.brings)) };
  const definition = await printDefinition(desk.host, call);
  const values = buildValues(plan.context, plan.targets);
  requireAgreement(
    plan.targets.map((t) => promisedBy(desk.settings, t.settings, values)),
    definition,
  );
  return { definition, call };
}

/** The call for a part of the plan's targets, with other sources or without any. */
export function callFor(desk: Desk, plan: BuildPlan, targets: readonly TargetPlan[]): BakeCall {
  const overlay = plan.call.files.at(-1) ?? '';
  const brings = plan.call.set.map((s) => s.slice(0, s.indexOf('.')));
  const set = targets.flatMap((t) => replaceSources(t, brings));
  return { ...bakeCall(desk, { context: plan.context, overlay, targets }), set };
}

function replaceSources(target: Unskipped, brings: readonly string[]): readonly string[] {
  const { name } = target.settings;
  if (!brings.includes(name)) return [];
  const refs = imported({ sources: target.sources }).map((ref) => `type=registry,ref=${referenceName(ref)}`);
  return (refs.length === 0 ? [''] : refs).map((entry) => `${name}.cache-from=${entry}`);
}

async function variableWarnings({ host, settings }: Desk, call: BakeCall): Promise<readonly Warning[]> {
  const { variables, optional, passthrough } = settings.bake;
  return checkVariables({
    declared: await declaredVariables(host, { ...call, files: settings.bake.files }),
    set: Object.keys(variables),
    optional,
    passthrough,
    environment: Object.keys(host.env),
  });
}

async function skipOf(
  desk: Desk,
  asked: {
    readonly context: BuildContext;
    readonly target: Unskipped & Writes;
    readonly definition: Definition;
    readonly request: PlanRequest;
  },
): Promise<SkipDecision> {
  const { context, target, definition, request } = asked;
  if (request.force) return { decision: 'build', because: 'told to (--force)' };
  if (request.offline) return NOT_ASKED;
  const revision = desk.settings.bake.annotations.revision;
  const facts = await Promise.all(
    target.tags.map(async (ref) => ({ ref, fact: await imageFact(desk.registry, ref, revision) })),
  );
  const base = { commit: context.commit, platforms: platformsOf(definition, target), tags: facts };
  const decision = decideSkip({ ...base, behind: [] });
  if (decision.decision === 'build') return decision;
  const moves = await Promise.all(
    target.promotions
      .filter((p) => p.what === 'image')
      .map(async (p) => await planPromotion(desk, context, p)),
  );
  return decideSkip({ ...base, behind: moves.filter((m) => m.action === 'move').map((m) => m.promotion.to) });
}

/** Platforms that bake builds for the target; where it leaves that to the builder, the one of any image will do. */
function platformsOf(definition: Definition, target: Unskipped): readonly string[] {
  return definition.targets.get(target.settings.name)?.platforms ?? [];
}

async function requireCleanCheckout({ host, settings }: Desk): Promise<void> {
  const changed = await changedFiles({ ...host, cwd: settings.root });
  if (changed.length === 0) return;
  const some = changed.slice(0, 5).join(', ');
  throw new WarmbakeError('refused', 'uncommitted-changes', `--push with uncommitted changes: ${some}`, {
    hint: 'the image would be named by a commit that it does not hold: commit first',
  });
}

/** The path with links followed, as far as it exists: an output directory may be yet to come. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(realPath(parent), path.basename(file));
  }
}
