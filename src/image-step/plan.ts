import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { requireAgreement } from '../bake/agreement.ts';
import { type BuilderChoice, decideBuilder, namedBuilder } from '../bake/builder.ts';
import { builderFacts } from '../bake/builder-facts.ts';
import { printDefinition } from '../bake/buildx.ts';
import type { Definition } from '../bake/definition.ts';
import { overlayText } from '../bake/overlay.ts';
import type { Candidate } from '../refs/candidate.ts';
import type { Source } from '../cache/chain.ts';
import { probeCandidates } from '../cache/probe.ts';
import { sourceWarnings } from '../cache/source-warnings.ts';
import type { BuildContext } from '../context/context.ts';
import type { Warning } from '../platform/events.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { SWITCHED_OFF } from '../sccache/switched-off.ts';
import { type CallFacts, bakeCall } from './bake-call.ts';
import type { BuildServices } from './build-services.ts';
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
export async function makePlan(services: BuildServices, request: PlanRequest): Promise<BuildPlan> {
  const { host, settings, switches } = services;
  const overlay = path.join(host.scratch, 'ci.hcl');
  await writeFile(overlay, overlayText(settings));

  // The builder needs no context, and git may take seconds.
  const builder = builderFacts(host, settings.builder, services.docker).then((facts) =>
    switches.builder === undefined
      ? decideBuilder(settings.builder, facts)
      : namedBuilder(switches.builder, facts),
  );
  builder.catch(() => undefined);
  const { context, targets: outlined } = await outlineBuild(services, request);
  const withoutSources = outlined.map(({ writes }): ResolvedTarget => ({ ...writes, sources: [] }));
  const firstCall = bakeCall(services, { context, overlay, targets: withoutSources, brings: [] });
  const [sources, first, variables] = await Promise.all([
    Promise.all(outlined.map(({ candidates }) => sourcesOf(services, candidates, request))),
    preflight(
      services,
      firstCall,
      outlined.map(({ writes }) => writes.settings),
    ),
    variableWarnings(services, firstCall),
  ]);
  const targets = withoutSources.map((t, i): ResolvedTarget => ({ ...t, sources: sources[i] ?? [] }));
  const call = { overlay, brings: first.brings };
  const [definition, skips, { choice, warnings }] = await Promise.all([
    resolve(services, { context, targets, ...call }),
    Promise.all(
      targets.map((t) => skipOf(services, { context, target: t, definition: first.definition, request })),
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
      ...(services.switches.sccache === 'off' && settings.sccache !== undefined ? [SWITCHED_OFF] : []),
      ...unknownSwitches(host.env),
      ...warnings,
      ...variables,
      ...sourceWarnings(sources.flat()),
    ],
  };
}

const NOT_ASKED: SkipDecision = { decision: 'build', because: 'the registry was not asked (--offline)' };

async function sourcesOf(
  { registry, host, settings, switches }: BuildServices,
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
async function resolve(services: BuildServices, facts: CallFacts): Promise<Definition> {
  const definition = await printDefinition(services.host, bakeCall(services, facts));
  const values = buildValues(facts.context, facts.targets);
  requireAgreement(
    facts.targets.map((t) => promisedBy(services.settings, t.settings, values)),
    definition,
  );
  return definition;
}

async function skipOf(
  services: BuildServices,
  asked: {
    readonly context: BuildContext;
    readonly target: ResolvedTarget;
    readonly definition: Definition;
    readonly request: PlanRequest;
  },
): Promise<SkipDecision> {
  const { context, target, definition, request } = asked;
  if (services.switches.bypass) return { decision: 'build', because: 'told to (WARMBAKE_BYPASS)' };
  if (request.force) return { decision: 'build', because: 'told to (--force)' };
  if (request.offline) return NOT_ASKED;
  const revision = services.settings.bake.annotations.revision;
  const facts = await Promise.all(
    target.tags.map(async (ref) => ({ ref, fact: await imageFact(services.registry, ref, revision) })),
  );
  const base = { commit: context.commit, platforms: platformsOf(services, definition, target), tags: facts };
  const decision = decideSkip({ ...base, behind: [] });
  if (decision.decision === 'build') return decision;
  const moves = await Promise.all(
    target.promotions
      .filter((p) => p.what === 'image')
      .map(async (p) => await planPromotion(services, context, p)),
  );
  return decideSkip({ ...base, behind: moves.filter((m) => m.action === 'move').map((m) => m.promotion.to) });
}

/** Platforms that bake builds for the target; where it leaves that to the builder, most likely this machine's. */
function platformsOf(
  { host }: BuildServices,
  definition: Definition,
  { settings }: ResolvedTarget,
): readonly string[] {
  const named = definition.targets.get(settings.name)?.platforms ?? [];
  return named.length > 0 ? named : [host.platform];
}
