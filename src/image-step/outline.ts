import type { Candidate } from '../refs/candidate.ts';
import { cacheSources } from '../refs/sources.ts';
import { startContext } from '../context/build-context.ts';
import type { BuildContext } from '../context/context.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { chooseTargets } from './choose-targets.ts';
import type { BuildServices } from './build-services.ts';
import { requireExpectedTag } from './expected-tag.ts';
import { requireCleanCheckout } from './preflight.ts';
import { switchedWrites } from './switches.ts';
import { type Writes, writesOf } from './target-plan.ts';

/** What the caller wants to be outlined. */
export interface OutlineRequest {
  /** Names of configured targets; empty: the only one there is. */
  readonly targets: readonly string[];
  /** A local build may push. */
  readonly push: boolean;
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
}

/** Outlines the build; asks neither Docker nor a registry. Throws where it could not be what the caller wants. */
export async function startOutline(
  services: Pick<BuildServices, 'host' | 'settings' | 'history' | 'switches'>,
  request: OutlineRequest,
): Promise<StartedOutline> {
  const { host, settings, history, switches } = services;
  const chosen = chooseTargets(settings.targets, request.targets);
  const { known, whole } = await startContext(host, history, settings);
  if (known.origin.kind === 'local' && request.push) await requireCleanCheckout(services);
  const options = { settings, push: request.push };
  const writes = chosen.map((target) => switchedWrites(writesOf(known, target, options), switches));
  const { expectTag } = request;
  if (expectTag !== undefined) {
    requireExpectedTag(
      expectTag,
      writes.flatMap(({ tags }) => tags),
    );
  }
  const candidatesIn = (context: BuildContext): readonly (readonly Candidate[])[] =>
    chosen.map((target) => (switches.cacheImport === 'off' ? [] : cacheSources(context, target, settings)));
  const outlined = sayIfSlow(host, 'asking git for parent and merge base', whole).then((context): Outline => {
    const candidates = candidatesIn(context);
    return { context, targets: writes.map((own, i) => ({ writes: own, candidates: candidates[i] ?? [] })) };
  });
  outlined.catch(() => undefined);
  return { context: known, writes, early: candidatesIn(known).flat(), whole: outlined };
}

/** The whole of {@link startOutline}. */
export async function outlineBuild(
  services: Pick<BuildServices, 'host' | 'settings' | 'history' | 'switches'>,
  request: OutlineRequest,
): Promise<Outline> {
  return await (
    await startOutline(services, request)
  ).whole;
}
