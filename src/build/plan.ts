import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { requireAgreement } from '../bake/agreement.ts';
import { type BuilderChoice, decideBuilder, namedBuilder } from '../bake/builder.ts';
import { builderFacts } from '../bake/builder-facts.ts';
import { printDefinition } from '../bake/buildx.ts';
import type { Definition } from '../bake/definition.ts';
import { overlayText } from '../bake/overlay.ts';
import type { Candidate, Source } from '../cache/chain.ts';
import { probeCandidates } from '../cache/probe.ts';
import { sourceWarnings } from '../cache/source-warnings.ts';
import type { BuildContext } from '../context/context.ts';
import type { Warning } from '../platform/events.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { SWITCHED_OFF } from '../sccache/switched-off.ts';
import { type CallFacts, bakeCall } from './bake-call.ts';
import type { Desk } from './desk.ts';
import { imageFact } from './image-fact.ts';
import { type OutlineRequest, outlineBuild } from './outline.ts';
import { preflight, variableWarnings } from './preflight.ts';
import { planPromotion } from './promotion.ts';
import { type SkipDecision, decideSkip } from './skip.ts';
import { type Switches, unknownSwitches } from './switches.ts';
import { type ResolvedTarget, type TargetPlan, buildValues, promisedBy } from './target-plan.ts';

/** What the caller wants. */
export interface PlanRequest extends OutlineRequest {
  /** Ask no registry: every source is `unprobed` and imported. */
  readonly offline: boolean;
  /** Build although the image exists. */
  readonly force: boolean;
}

/** Everything that a build would do, before it does anything. */
export interface BuildPlan {
  readonly switches: Switches;
  readonly context: BuildContext;
  readonly targets: readonly TargetPlan[];
  readonly builder: BuilderChoice;
  /** What bake resolves; agrees with `targets` (law L4). */
  readonly definition: Definition;
  /** What else decides how bake is called; see {@link bakeCall}. */
  readonly call: Pick<CallFacts, 'overlay' | 'brings'>;
  readonly warnings: readonly Warning[];
}

/**
 * Makes the plan. Sources are asked while builder and definition are prepared, so that probing adds no wait of its own.
 * Writes nothing but the overlay in the scratch directory. Throws where the build could not do what the plan says.
 */
export async function makePlan(desk: Desk, request: PlanRequest): Promise<BuildPlan> {
  const { host, settings, switches } = desk;
  const overlay = path.join(host.scratch, 'ci.hcl');
  await writeFile(overlay, overlayText(settings));

  // The builder needs no context, and git may take seconds.
  const builder = builderFacts(host, settings.builder, desk.docker).then((facts) =>
    switches.builder === undefined
      ? decideBuilder(settings.builder, facts)
      : namedBuilder(switches.builder, facts),
  );
  builder.catch(() => undefined);
  const { context, targets: outlined } = await outlineBuild(desk, request);
  const withoutSources = outlined.map(({ writes }): ResolvedTarget => ({ ...writes, sources: [] }));
  const firstCall = bakeCall(desk, { context, overlay, targets: withoutSources, brings: [] });
  const [sources, first, variables] = await Promise.all([
    Promise.all(outlined.map(({ candidates }) => sourcesOf(desk, candidates, request))),
    preflight(
      desk,
      firstCall,
      outlined.map(({ writes }) => writes.settings),
    ),
    variableWarnings(desk, firstCall),
  ]);
  const targets = withoutSources.map((t, i): ResolvedTarget => ({ ...t, sources: sources[i] ?? [] }));
  const call = { overlay, brings: first.brings };
  const [definition, skips, { choice, warnings }] = await Promise.all([
    resolve(desk, { context, targets, ...call }),
    Promise.all(
      targets.map((t) => skipOf(desk, { context, target: t, definition: first.definition, request })),
    ),
    builder,
  ]);
  return {
    switches,
    context,
    targets: targets.map((t, i) => ({ ...t, skip: skips[i] ?? NOT_ASKED })),
    builder: choice,
    definition,
    call,
    warnings: [
      ...(desk.switches.sccache === 'off' && settings.sccache !== undefined ? [SWITCHED_OFF] : []),
      ...unknownSwitches(host.env),
      ...warnings,
      ...variables,
      ...sourceWarnings(sources.flat()),
    ],
  };
}

const NOT_ASKED: SkipDecision = { decision: 'build', because: 'the registry was not asked (--offline)' };

async function sourcesOf(
  { registry, host, settings, switches }: Desk,
  candidates: readonly Candidate[],
  { offline }: PlanRequest,
): Promise<readonly Source[]> {
  const { maxSources } = settings.cache;
  if (!offline && !switches.bypass && candidates.length > 0) {
    const probing = probeCandidates(candidates, { registry, host }, { maxSources });
    return await sayIfSlow(host, `asking the registry for ${candidates.length} cache sources`, probing);
  }
  return candidates.map(({ role, ref }) => ({ role, ref, state: 'unprobed' }));
}

/** The definition with the sources in it, compared with the plan. */
async function resolve(desk: Desk, facts: CallFacts): Promise<Definition> {
  const definition = await printDefinition(desk.host, bakeCall(desk, facts));
  const values = buildValues(facts.context, facts.targets);
  requireAgreement(
    facts.targets.map((t) => promisedBy(desk.settings, t.settings, values)),
    definition,
  );
  return definition;
}

async function skipOf(
  desk: Desk,
  asked: {
    readonly context: BuildContext;
    readonly target: ResolvedTarget;
    readonly definition: Definition;
    readonly request: PlanRequest;
  },
): Promise<SkipDecision> {
  const { context, target, definition, request } = asked;
  if (desk.switches.bypass) return { decision: 'build', because: 'told to (WARMBAKE_BYPASS)' };
  if (request.force) return { decision: 'build', because: 'told to (--force)' };
  if (request.offline) return NOT_ASKED;
  const revision = desk.settings.bake.annotations.revision;
  const facts = await Promise.all(
    target.tags.map(async (ref) => ({ ref, fact: await imageFact(desk.registry, ref, revision) })),
  );
  const base = { commit: context.commit, platforms: platformsOf(desk, definition, target), tags: facts };
  const decision = decideSkip({ ...base, behind: [] });
  if (decision.decision === 'build') return decision;
  const moves = await Promise.all(
    target.promotions
      .filter((p) => p.what === 'image')
      .map(async (p) => await planPromotion(desk, context, p)),
  );
  return decideSkip({ ...base, behind: moves.filter((m) => m.action === 'move').map((m) => m.promotion.to) });
}

/** Platforms that bake builds for the target; where it leaves that to the builder, most likely this machine's. */
function platformsOf(
  { host }: Desk,
  definition: Definition,
  { settings }: ResolvedTarget,
): readonly string[] {
  const named = definition.targets.get(settings.name)?.platforms ?? [];
  return named.length > 0 ? named : [host.platform];
}
