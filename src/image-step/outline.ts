import type { Targets } from '../bake/definition.ts';
import type { Survey } from '../bake/members.ts';
import type { BuildValues } from '../bake/overlay.ts';
import type { Candidate } from '../refs/candidate.ts';
import { imageNames } from '../refs/image-names.ts';
import { cacheSources } from '../refs/sources.ts';
import { variantsOf } from '../refs/variants.ts';
import { startContext } from '../context/build-context.ts';
import { commitDay } from '../context/commit-day.ts';
import { unknownCommit } from '../context/unknown-commit.ts';
import type { BuildContext } from '../context/context.ts';
import type { Settings, TargetSettings } from '../config/settings.ts';
import { namesIn } from '../config/template.ts';
import type { Warning } from '../platform/events.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { sayIfSlow } from '../platform/slow.ts';
import type { Reference } from '../registry/reference.ts';
import { chooseTargets } from './choose-targets.ts';
import { asConfigured } from './expand-targets.ts';
import type { ResolvedTargets } from './resolve-targets.ts';
import type { BuildServices } from './build-services.ts';
import { requireExpectedTag } from './expected-tag.ts';
import { requireOwnLoads } from './own-loads.ts';
import { requireCleanCheckout } from './preflight.ts';
import { type Switches, switchedWrites } from './switches.ts';
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
  readonly whole: Promise<Outline>;
  /** With members in the place of groups and matrices. */
  readonly settings: Settings;
  /** Targets of the groups and matrices, by configured name. */
  readonly groups: Survey['groups'];
  /** About configured targets that are not built. */
  readonly warnings: readonly Warning[];
  /** What the files alone make of targets. */
  readonly brought: Targets;
  /** The files certainly declare the variables that `resolve` asked for. */
  readonly declares: boolean;
}

/** Who has a part in outlining a build. */
export interface OutlineParts {
  /** Finds out what the configured targets stand for, in the build that is known so far. */
  readonly resolve: (asked: {
    readonly context: BuildContext;
    readonly values: BuildValues;
    readonly named: readonly string[];
  }) => Promise<ResolvedTargets>;
  /**
   * Is told what the build would be if its targets are what they are configured as, while that is still being found out; again with
   * each better answer.
   */
  readonly foresee?: (outline: Outline) => void;
}

/** Outlines the build; asks no registry, and of Docker what `resolve` does. Throws where it could not be what the caller wants. */
export async function startOutline(
  services: Pick<BuildServices, 'host' | 'settings' | 'history' | 'switches' | 'release'>,
  request: OutlineRequest,
  { resolve, foresee = () => undefined }: OutlineParts,
): Promise<StartedOutline> {
  const { host, history, switches } = services;
  const { known, whole } = await startContext(host, history, {
    ...services.settings,
    evidence: services.release,
  });
  const resolving = resolve({ context: known, values: buildValues(known, []), named: request.targets });
  // Git's answers are needed later than bake's.
  const guess = (context: BuildContext): void => {
    const outline = guessOutline(services, context, request);
    if (outline !== undefined) foresee(outline);
  };
  const asking = sayIfSlow(host, 'asking git for parent and merge base', whole(guess));
  guess(known);
  asking.then(guess, () => undefined);
  const expanded = await resolving;
  const { settings, groups, warnings, brought, declares } = expanded;
  const named = chooseTargets(expanded, request.targets);
  requireLocal(known, request);
  if (known.commit === undefined && request.push) {
    throw await unknownCommit(host, 'git knows no commit here; a build that pushes needs one');
  }
  if (known.origin.kind === 'local' && request.push) await requireCleanCheckout(services);
  const facts = { settings, switches, push: request.push, day: await dayOf(host, known, named) };
  const chosen = withVariants(known, named, { ...facts, load: request.load });
  const writes = chosen.map((target) => ({
    ...switchedWrites(writesOf(known, target, facts), switches),
    ...(request.load === true ? { load: loadedNames(brought.get(target.name), target.name) } : {}),
  }));
  requireOwnLoads(writes);
  const { expectTag } = request;
  if (expectTag !== undefined) {
    requireExpectedTag(expectTag, writes.flatMap(promisedTags));
  }
  const outlineIn = (context: BuildContext): Outline => {
    const candidates = candidatesOf(context, chosen, facts);
    return { context, targets: writes.map((own, i) => ({ writes: own, candidates: candidates[i] ?? [] })) };
  };
  foresee(outlineIn(known));
  const outlined = asking.then(outlineIn);
  outlined.catch(() => undefined);
  return { context: known, writes, whole: outlined, settings, groups, warnings, brought, declares };
}

interface OutlineFacts {
  readonly settings: Settings;
  readonly switches: Switches;
  readonly push: boolean;
}

/** Targets with their {@link variantsOf}, where an image is pushed. */
function withVariants(
  context: BuildContext,
  targets: readonly TargetSettings[],
  { load = false, ...facts }: OutlineFacts & { readonly load?: boolean | undefined },
): readonly TargetSettings[] {
  return targets.flatMap((target) => {
    const isPushed = !load && imageNames(context, target, facts).push.length > 0;
    return [target, ...(isPushed ? variantsOf(target, facts.settings) : [])];
  });
}

function candidatesOf(
  context: BuildContext,
  chosen: readonly TargetSettings[],
  { settings, switches }: OutlineFacts,
): readonly (readonly Candidate[])[] {
  return chosen.map((target) =>
    switches.cacheImport === 'off' || target.variantOf !== undefined
      ? []
      : cacheSources(context, target, settings),
  );
}

/** With targets as they are configured. `undefined` where that is nothing to go by; what is wrong with it is not for here to say. */
function guessOutline(
  { settings, switches }: Pick<BuildServices, 'settings' | 'switches'>,
  context: BuildContext,
  { targets, push, load = false }: OutlineRequest,
): Outline | undefined {
  const facts = { settings, switches, push: push && !load };
  try {
    const chosen = withVariants(context, chooseTargets(asConfigured(settings), targets), { ...facts, load });
    const candidates = candidatesOf(context, chosen, facts);
    return {
      context,
      targets: chosen.map((target, i) => ({
        writes: switchedWrites(writesOf(context, target, facts), switches),
        candidates: candidates[i] ?? [],
      })),
    };
  } catch {
    return undefined;
  }
}

/** Tags of an image that stand for this build: pushed, or given once. */
function promisedTags({ tags, promotions }: Writes): readonly Reference[] {
  return [...tags, ...promotions.filter((p) => p.writtenOnce === true).map(({ to }) => to)];
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
  services: Pick<BuildServices, 'host' | 'settings' | 'history' | 'switches' | 'release'>,
  request: OutlineRequest,
): Promise<Outline> {
  const resolved = { ...asConfigured(services.settings), warnings: [], brought: new Map(), declares: false };
  const started = await startOutline(services, request, { resolve: async () => resolved });
  return await started.whole;
}
