import type { Candidate } from '../refs/candidate.ts';
import { cacheSources } from '../refs/sources.ts';
import { buildContext } from '../context/build-context.ts';
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

/** Outlines the build; asks neither Docker nor a registry. Throws where it could not be what the caller wants. */
export async function outlineBuild(
  services: Pick<BuildServices, 'host' | 'settings' | 'history' | 'switches'>,
  request: OutlineRequest,
): Promise<Outline> {
  const { host, settings, history, switches } = services;
  const chosen = chooseTargets(settings.targets, request.targets);
  const context = await sayIfSlow(
    host,
    'asking git for parent and merge base',
    buildContext(host, history, settings),
  );
  if (context.origin.kind === 'local' && request.push) await requireCleanCheckout(services);
  const targets = chosen.map((target): OutlinedTarget => ({
    writes: switchedWrites(writesOf(context, target, { settings, push: request.push }), switches),
    candidates: switches.cacheImport === 'off' ? [] : cacheSources(context, target, settings),
  }));
  const { expectTag } = request;
  if (expectTag !== undefined) {
    requireExpectedTag(
      expectTag,
      targets.flatMap(({ writes }) => writes.tags),
    );
  }
  return { context, targets };
}
