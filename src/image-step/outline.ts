import type { Targets } from '../bake/definition.ts';
import type { BuildValues } from '../bake/overlay.ts';
import type { Candidate } from '../refs/candidate.ts';
import { cacheSources } from '../refs/sources.ts';
import { startContext } from '../context/build-context.ts';
import { commitDay } from '../context/commit-day.ts';
import { unknownCommit } from '../context/unknown-commit.ts';
import type { BuildContext } from '../context/context.ts';
import type { Settings, TargetSettings } from '../config/settings.ts';
import { namesIn } from '../config/template.ts';
import type { Warning } from '../platform/events.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { chooseTargets } from './choose-targets.ts';
import { asConfigured } from './expand-targets.ts';
import type { ResolvedTargets } from './resolve-targets.ts';
import type { BuildServices } from './build-services.ts';
import { requireExpectedTag } from './expected-tag.ts';
import { requireCleanCheckout } from './preflight.ts';
import { switchedWrites } from './switches.ts';
import { type Writes, buildValues, loadedNames, writesOf } from './target-plan.ts';

/** What the caller wants to be outlined. */
export interface OutlineRequest {
  /** Names of configured targets or of their members; empty: the configuration's default. */
  readonly targets: readonly string[];
  /** A local build may push. */
  readonly push: boolean;
  /** Leave the images in the engine: outside of CI only. */
  readonly load?: boolean;
  /** Changes of the definition, `TARGET.KEY=VALUE`: outside of CI only, and not where something is pushed. */
  readonly overrides?: readonly string[];
  /** The reference that others will pull: one that this build has to push. */
  readonly expectTag?: string;
}

/** A target with the refs that its build may write and those that it would ask for. */
export interface OutlinedTarget {
  readonly writes: Writes;
  readonly candidates: readonly Candidate[];
}

/** What this build is and which refs follow from it: from environment, git and configuration alone. */
export interface Outline {
  readonly context: BuildContext;
  readonly targets: readonly OutlinedTarget[];
}

/** An outline as it becomes known. */
export interface StartedOutline {
  /** What names follow from; without the commits before it. */
  readonly context: BuildContext;
  /** What each target writes. */
  readonly writes: readonly Writes[];
  /** Of the candidates those that can be asked for at once. */
  readonly early: readonly Candidate[];
  readonly whole: Promise<Outline>;
  /** With members in the place of groups and matrices. */
  readonly settings: Settings;
  /** About configured targets that are not built. */
  readonly warnings: readonly Warning[];
  /** What the files alone make of targets. */
  readonly brought: Targets;
}

/** Finds out what the configured targets stand for, in the build that is known so far. */
export type ResolveTargets = (asked: {
  readonly context: BuildContext;
  readonly values: BuildValues;
  readonly named: readonly string[];
}) => Promise<ResolvedTargets>;

/** Outlines the build; asks no registry, and of Docker what `resolve` does. Throws where it could not be what the caller wants. */
export async function startOutline(
  services: Pick<BuildServices, 'host' | 'settings' | 'history' | 'switches'>,
  request: OutlineRequest,
  resolve: ResolveTargets,
): Promise<StartedOutline> {
  const { host, history, switches } = services;
  const { known, whole } = await startContext(host, history, services.settings);
  const resolving = resolve({ context: known, values: buildValues(known, []), named: request.targets });
  // Git's answers are needed later than bake's.
  const asking = sayIfSlow(host, 'asking git for parent and merge base', whole());
  asking.catch(() => undefined);
  const expanded = await resolving;
  const { settings, warnings, brought } = expanded;
  const chosen = chooseTargets(expanded, request.targets);
  requireLocal(known, request);
  if (known.commit === undefined && request.push) {
    throw await unknownCommit(host, 'git knows no commit here; a build that pushes needs one');
  }
  if (known.origin.kind === 'local' && request.push) await requireCleanCheckout(services);
  const options = { settings, push: request.push, day: await dayOf(host, known, chosen) };
  const writes = chosen.map((target) => ({
    ...switchedWrites(writesOf(known, target, options), switches),
    ...(request.load === true ? { load: loadedNames(brought.get(target.name), target.name) } : {}),
  }));
  const { expectTag } = request;
  if (expectTag !== undefined) {
    requireExpectedTag(
      expectTag,
      writes.flatMap(({ tags }) => tags),
    );
  }
  const candidatesIn = (context: BuildContext): readonly (readonly Candidate[])[] =>
    chosen.map((target) => (switches.cacheImport === 'off' ? [] : cacheSources(context, target, settings)));
  const outlined = asking.then((context): Outline => {
    const candidates = candidatesIn(context);
    return { context, targets: writes.map((own, i) => ({ writes: own, candidates: candidates[i] ?? [] })) };
  });
  outlined.catch(() => undefined);
  return {
    context: known,
    writes,
    early: candidatesIn(known).flat(),
    whole: outlined,
    settings,
    warnings,
    brought,
  };
}

/** The day of the commit, where a tag that this build can write has it. */
async function dayOf(
  host: BuildServices['host'],
  { trusted, commit }: BuildContext,
  targets: readonly TargetSettings[],
): Promise<string | undefined> {
  const templates = targets.flatMap(({ image }) => image.tags ?? []);
  const isWanted = trusted && templates.some((template) => namesIn(template).includes('date'));
  return isWanted && commit !== undefined ? await commitDay(host, commit) : undefined;
}

/** Throws `refused` for what only a person's own build may do. */
function requireLocal({ origin }: BuildContext, { load = false, overrides = [] }: OutlineRequest): void {
  const wish = load ? '--load' : overrides.length > 0 ? '--set' : undefined;
  if (wish === undefined || origin.kind === 'local') return;
  const hint = 'what CI builds follows from the commit and the configuration alone';
  throw new WarmbakeError('refused', 'local-only', `${wish} is for builds outside of CI`, { hint });
}

/** The whole of {@link startOutline}, with targets as they are configured: bake is not asked what they stand for. */
export async function outlineBuild(
  services: Pick<BuildServices, 'host' | 'settings' | 'history' | 'switches'>,
  request: OutlineRequest,
): Promise<Outline> {
  const resolved = { ...asConfigured(services.settings), warnings: [], brought: new Map() };
  const started = await startOutline(services, request, async () => resolved);
  return await started.whole;
}
