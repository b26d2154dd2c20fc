import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuilderChoice, decideBuilder, namedBuilder } from '../bake/builder.ts';
import { builderFacts } from '../bake/builder-facts.ts';
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
import { bakeDocument, printCall } from './bake-call.ts';
import type { BuildServices } from './build-services.ts';
import { imageFact } from './image-fact.ts';
import { type OutlineRequest, outlineBuild } from './outline.ts';
import { preflight, variableWarnings } from './preflight.ts';
import { planPromotion } from './promotion.ts';
import { type SkipDecision, decideSkip } from './skip.ts';
import { type Switches, unknownSwitches } from './switches.ts';
import {
  type ResolvedTarget,
  type TargetPlan,
  buildValues,
  cacheFromEntries,
  promisedBy,
} from './target-plan.ts';

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
  /** What the repository's files say under the overlay, evaluated once. */
  readonly printed: Definition;
  /** What is baked, as a bake file: `printed` with the results of `targets` and no others (laws L1, L4). */
  readonly definition: object;
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
  const writes = outlined.map((target) => target.writes);
  const call = printCall(services, { context, overlay, targets: writes });
  const values = buildValues(context, writes);
  const promises = writes.map((target) => promisedBy(settings, target.settings, values));
  const [sources, printed, variables] = await Promise.all([
    Promise.all(outlined.map(({ candidates }) => sourcesOf(services, candidates, request))),
    preflight(services, call, promises),
    variableWarnings(services, call),
  ]);
  const targets = writes.map((target, i): ResolvedTarget => ({ ...target, sources: sources[i] ?? [] }));
  const [skips, { choice, warnings }] = await Promise.all([
    Promise.all(targets.map((target) => skipOf(services, { context, target, printed, request }))),
    builder,
  ]);
  return {
    switches,
    context,
    targets: targets.map((t, i) => ({ ...t, skip: skips[i] ?? NOT_ASKED })),
    builder: choice,
    printed,
    definition: bakeDocument(printed, targets, { cacheFrom: cacheFromEntries(targets) }),
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

async function skipOf(
  services: BuildServices,
  asked: {
    readonly context: BuildContext;
    readonly target: ResolvedTarget;
    readonly printed: Definition;
    readonly request: PlanRequest;
  },
): Promise<SkipDecision> {
  const { context, target, printed, request } = asked;
  if (services.switches.bypass) return { decision: 'build', because: 'told to (WARMBAKE_BYPASS)' };
  if (request.force) return { decision: 'build', because: 'told to (--force)' };
  if (request.offline) return NOT_ASKED;
  const revision = services.settings.bake.annotations.revision;
  const facts = await Promise.all(
    target.tags.map(async (ref) => ({ ref, fact: await imageFact(services.registry, ref, revision) })),
  );
  const base = { commit: context.commit, platforms: platformsOf(services, printed, target), tags: facts };
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
