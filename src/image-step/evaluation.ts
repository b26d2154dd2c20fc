import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Definition } from '../bake/definition.ts';
import { overlayText } from '../bake/overlay.ts';
import type { BuildContext } from '../context/context.ts';
import { printCall } from './bake-call.ts';
import type { BuildServices } from './build-services.ts';
import { chooseTargets } from './choose-targets.ts';
import { asConfigured } from './expand-targets.ts';
import type { OutlineRequest } from './outline.ts';
import { preflight } from './preflight.ts';
import { switchedWrites } from './switches.ts';
import { type Writes, buildValues, promisedBy, writesOf } from './target-plan.ts';

/** What is evaluated: the repository's files under the overlay of the services' settings. */
export interface EvaluationRequest {
  readonly context: BuildContext;
  readonly writes: readonly Writes[];
  readonly overrides: readonly string[];
}

/** Tells bake to evaluate, at once; rejects where the definition may not be built. Writes the overlay to the scratch directory. */
export function startEvaluation(
  services: BuildServices,
  { context, writes: all, overrides }: EvaluationRequest,
): Promise<Definition> {
  const { host, settings } = services;
  const writes = all.filter((target) => target.settings.variantOf === undefined);
  const overlay = path.join(host.scratch, 'ci.hcl');
  // Not awaited, as the files of the call: whatever else there is to do would come first.
  writeFileSync(overlay, overlayText(settings));
  const call = printCall(services, { context, overlay, targets: writes, overrides });
  const values = buildValues(context, writes);
  const promises = writes.map((target) => promisedBy(settings, target.settings, values));
  const printing = preflight(services, call, promises);
  printing.catch(() => undefined);
  return printing;
}

/**
 * The same with targets as they are configured, while bake is still asked whether one of them is a group: few configurations have any, and
 * for them one call more is made. `undefined` where that is not worth trying; what is wrong with the targets is not for here to say.
 */
export function startEarlyEvaluation(
  services: BuildServices,
  context: BuildContext,
  { targets, push, load = false, overrides = [] }: OutlineRequest,
): Promise<Definition> | undefined {
  if (load || overrides.length > 0) return undefined;
  const { settings, switches } = services;
  try {
    const chosen = chooseTargets(asConfigured(settings), targets);
    const options = { settings, push };
    const writes = chosen.map((target) => switchedWrites(writesOf(context, target, options), switches));
    return startEvaluation(services, { context, writes, overrides });
  } catch {
    return undefined;
  }
}

/** Whether an early evaluation is the one: no configured name stands for others. */
export function isAsConfigured(
  { settings: { targets } }: Pick<BuildServices, 'settings'>,
  expanded: BuildServices['settings'],
): boolean {
  return expanded.targets.length === targets.length && expanded.targets.every((own, i) => own === targets[i]);
}
