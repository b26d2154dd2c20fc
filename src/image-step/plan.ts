import {
  type BuilderChoice,
  type BuilderDecision,
  type BuilderFacts,
  decideBuilder,
  namedBuilder,
} from '../bake/builder.ts';
import { builderFacts } from '../bake/builder-facts.ts';
import type { Definition } from '../bake/definition.ts';
import type { Survey } from '../bake/members.ts';
import { sourceWarnings } from '../cache/source-warnings.ts';
import type { BuildContext } from '../context/context.ts';
import type { Settings } from '../config/settings.ts';
import type { UsedConfiguration } from '../config/used.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import { SWITCHED_OFF } from '../sccache/switched-off.ts';
import { bakeDocument } from './bake-call.ts';
import type { BuildServices } from './build-services.ts';
import { deliveryFacts } from './delivery-facts.ts';
import { isAsConfigured, startEarlyEvaluation, startEvaluation } from './evaluation.ts';
import { type ImportPlan, closestEntry, importWarnings, planImport } from './import-plan.ts';
import { type OutlineRequest, startOutline } from './outline.ts';
import { requireInsideCheckout, variablesToProve, variableWarnings } from './preflight.ts';
import { type Promoted, planPromotion } from './promotion.ts';
import { type QuestionRequest, openQuestions } from './registry-questions.ts';
import { replacedOf } from './replaced.ts';
import { resolveTargets } from './resolve-targets.ts';
import { type SkipDecision, type SkipFacts, decideSkip } from './skip.ts';
import { type Switches, unknownSwitches } from './switches.ts';
import { requireFreeTags } from './taken-tags.ts';
import type { ResolvedTarget, TargetPlan } from './target-plan.ts';

/** What the caller wants. */
export interface PlanRequest extends OutlineRequest, QuestionRequest {
  /** Nothing is to be built: goes on without a builder, and says in {@link BuildPlan.missing} what lacks. */
  readonly lookOnly?: boolean;
}

/** Everything that a build would do, before it does anything. */
export interface BuildPlan {
  readonly switches: Switches;
  /** Where the settings come from, where a file was read. */
  readonly configuration?: UsedConfiguration;
  readonly context: BuildContext;
  /** The configuration with members in the place of groups and matrices. */
  readonly settings: Settings;
  /** Targets of the groups and matrices, by configured name. */
  readonly groups: Survey['groups'];
  readonly targets: readonly TargetPlan[];
  readonly builder: BuilderChoice;
  /** Where layers come from. */
  readonly import: ImportPlan;
  /** What the repository's files say under the overlay, evaluated once. */
  readonly printed: Definition;
  /** What is baked, as a bake file: `printed` with the results of `targets` and no others (laws L1, L4). */
  readonly definition: object;
  readonly warnings: readonly Warning[];
  /** Why there is no builder. */
  readonly missing?: WarmbakeError;
}

/**
 * Makes the plan. Registries are asked while builder and definition are prepared, so that probing adds no wait of its own.
 * Writes nothing but the overlay in the scratch directory. Throws where the build could not do what the plan says.
 */
export async function makePlan(outer: BuildServices, request: PlanRequest): Promise<BuildPlan> {
  const { host, switches } = outer;
  requireInsideCheckout(outer.settings);

  // First what takes longest: nothing of this process is to stand between bake and its start.
  let early: Promise<Definition> | undefined;
  const questions = openQuestions(outer, request);
  const toProve = variablesToProve(outer);
  const outlining = startOutline(outer, request, {
    resolve: async ({ context: known, ...asked }) => {
      const resolving = resolveTargets(outer, { ...asked, variables: toProve ?? [] });
      early = startEarlyEvaluation(outer, known, request);
      return await resolving;
    },
    foresee: (outline) => questions.foresee(outline),
  });
  const listing = toProve === undefined ? variableWarnings(outer) : undefined;
  const builder = builderFacts(host, outer.settings.builder, outer.docker).then((facts) => {
    const decision = decidedBuilder(outer, facts, request);
    return { ...decision, delivery: deliveryFacts(decision.choice, facts, request) };
  });
  for (const started of [listing, builder]) started?.catch(() => undefined);
  const outline = await outlining;
  const { writes, settings } = outline;
  const services = { ...outer, settings };
  const evaluation = { context: outline.context, writes, overrides: request.overrides ?? [] };
  const printing =
    (isAsConfigured(outer, settings) ? early : undefined) ?? startEvaluation(services, evaluation);
  const declared = listing ?? (outline.declares ? Promise.resolve([]) : variableWarnings(outer));
  const free =
    request.offline || switches.bypass ? undefined : requireFreeTags(services, outline.context, writes);
  for (const asked of [declared, free]) asked?.catch(() => undefined);
  const { context, targets: outlined } = await outline.whole;
  const [probes, images, printed, variables, { choice, delivery, warnings, missing }] = await Promise.all([
    questions.probe(outlined.map(({ candidates }) => candidates)),
    Promise.all(writes.map(async ({ tags }) => await questions.images(tags))),
    printing,
    declared,
    builder,
  ]);
  await free;
  const targets = writes.map((target, i): ResolvedTarget => ({
    ...target,
    sources: probes[i]?.sources ?? [],
  }));
  const imports = planImport({
    sources: targets.flatMap(({ sources }) => sources),
    donors: probes.flatMap(({ donors }) => donors),
    delivery: { ...delivery, mayWrite: targets.some(({ exportTo }) => exportTo.length > 0) },
  });
  const skips = await Promise.all(
    targets.map(async (target, i) => {
      const facts = images[i] ?? [];
      return await skipOf(services, { context, target, printed, request, facts });
    }),
  );
  return {
    switches,
    ...(services.configuration === undefined ? {} : { configuration: services.configuration.used }),
    context,
    settings,
    groups: outline.groups,
    targets: targets.map((t, i) => {
      const replaced = replacedOf(outline.brought.get(t.settings.name), {
        loaded: t.load !== undefined,
      });
      return { ...t, skip: skips[i] ?? NOT_ASKED, ...(replaced === undefined ? {} : { replaced }) };
    }),
    builder: choice,
    ...(missing === undefined ? {} : { missing }),
    printed,
    import: imports,
    definition: bakeDocument(printed, targets, { cacheFrom: closestEntry(targets) }),
    warnings: [
      ...(services.configuration?.warnings ?? []),
      ...(services.switches.sccache === 'off' && settings.sccache !== undefined ? [SWITCHED_OFF] : []),
      ...unknownSwitches(host.env),
      ...services.loginWarnings,
      ...releaseWarnings(services),
      ...warnings,
      ...outline.warnings,
      ...overrideWarnings(request),
      ...variables,
      ...sourceWarnings(targets.flatMap(({ sources }) => sources)),
      ...importWarnings(imports),
    ],
  };
}

/** A tag that should be a release, and is built as anybody's. */
function releaseWarnings({ release }: BuildServices): readonly Warning[] {
  if (release === undefined || !('because' in release)) return [];
  const message = `this tag matches releases.tags, and its build is untrusted all the same: ${release.because}`;
  return [{ code: 'no-release', message }];
}

function overrideWarnings({ overrides = [] }: PlanRequest): readonly Warning[] {
  if (overrides.length === 0) return [];
  const message = `--set ${overrides.join(', ')}: the definition is another than in CI, and steps that see the change are in no cache`;
  return [{ code: 'definition-overridden', message }];
}

/** Throws where there is no builder and something is to be built. */
function decidedBuilder(
  { settings, switches }: BuildServices,
  facts: BuilderFacts,
  { lookOnly = false }: PlanRequest,
): BuilderDecision & { readonly missing?: WarmbakeError } {
  try {
    return switches.builder === undefined
      ? decideBuilder(settings.builder, facts)
      : namedBuilder(switches.builder, facts);
  } catch (error) {
    if (!lookOnly || !(error instanceof WarmbakeError) || error.code !== 'no-builder') throw error;
    const choice = { action: 'missing', name: '', driver: '', because: error.message } as const;
    return { choice, warnings: [], missing: error };
  }
}

const NOT_ASKED: SkipDecision = { decision: 'build', because: 'the registry was not asked (--offline)' };

async function skipOf(
  services: BuildServices,
  asked: {
    readonly context: BuildContext;
    readonly target: ResolvedTarget;
    readonly printed: Definition;
    readonly request: PlanRequest;
    readonly facts: SkipFacts['tags'];
  },
): Promise<SkipDecision> {
  const { context, target, printed, request, facts } = asked;
  if (services.switches.bypass) return { decision: 'build', because: 'told to (WARMBAKE_BYPASS)' };
  if (request.force) return { decision: 'build', because: 'told to (--force)' };
  if (request.offline) return NOT_ASKED;
  const base = { commit: context.commit, platforms: platformsOf(services, printed, target), tags: facts };
  const decision = decideSkip({ ...base, behind: [] });
  if (decision.decision === 'build') return decision;
  const moves = await Promise.all(
    target.promotions.map(async (p) => await planPromotion(services, context, p)),
  );
  // A name that is promised as pushed ones are is tried again where nobody knows what it holds.
  const isBehind = ({ action, promotion }: Promoted): boolean =>
    action === 'move' || (action === 'failed' && promotion.writtenOnce === true);
  return decideSkip({ ...base, behind: moves.filter(isBehind).map((m) => m.promotion.to) });
}

/** Platforms that bake builds for the target; where it leaves that to the builder, most likely this machine's. */
function platformsOf(
  { host }: BuildServices,
  definition: Definition,
  { settings }: ResolvedTarget,
): readonly string[] {
  const named = definition.targets.get(settings.variantOf ?? settings.name)?.platforms ?? [];
  // `local` is buildx's word for this machine's.
  return named.length > 0 ? named.map((name) => (name === 'local' ? host.platform : name)) : [host.platform];
}
