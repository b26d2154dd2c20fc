import type { Settings } from '../config/settings.ts';
import { baseOf } from '../context/origin.ts';
import type { BuildContext } from '../context/context.ts';
import type { BuildServices } from '../image-step/build-services.ts';
import { outlineBuild } from '../image-step/outline.ts';
import { makePlan } from '../image-step/plan.ts';
import type { Writes } from '../image-step/target-plan.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import { type DoctorFinding, ok, skipped, thrown } from './finding.ts';
import { mergeBaseFinding } from './git-findings.ts';
import { type PlannedRefs, refsOfOutline, refsOfPlan } from './planned-refs.ts';
import { saidAbout } from './plan-warnings.ts';
import { contextFinding, nameFindings } from './run-findings.ts';

/** What a build here would be, as far as it can be known. */
export interface FoundPlan {
  readonly context: BuildContext;
  readonly refs: PlannedRefs;
  readonly writes: readonly Writes[];
  /** Whether it exports a cache: it may write a merged one then, too. */
  readonly mayWrite: boolean;
}

/** What is to be planned. */
interface PlanWish {
  readonly targets: readonly string[];
  readonly push: boolean;
}

/**
 * Plans the build without asking a registry; where that cannot be planned, what follows from environment, git and configuration alone. Throws
 * what is wrong with the command line.
 */
export async function findPlan(
  services: BuildServices,
  { targets, push }: PlanWish,
): Promise<{ readonly findings: readonly DoctorFinding[]; readonly found?: FoundPlan }> {
  const wish = { targets, push, offline: true, force: false, lookOnly: true };
  try {
    const { context, targets: planned, warnings } = await makePlan(services, wish);
    const names = planned.map(({ settings }) => settings.name).join(', ');
    for (const warning of warnings) services.host.emit({ type: 'warning', warning });
    const found = {
      context,
      refs: refsOfPlan(planned),
      writes: planned,
      mayWrite: exportsIn(planned),
    };
    return { found, findings: [ok('definition', `bake resolves ${names}, as planned`)] };
  } catch (error) {
    rethrowUsage(services, error);
    return await fromOutline(services, { targets, push, error });
  }
}

async function fromOutline(
  services: BuildServices,
  { error, ...wish }: PlanWish & { readonly error: unknown },
): Promise<{ readonly findings: readonly DoctorFinding[]; readonly found?: FoundPlan }> {
  try {
    const { context, targets } = await outlineBuild(services, wish);
    const writes = targets.map((target) => target.writes);
    const found = {
      context,
      refs: refsOfOutline(targets),
      writes,
      mayWrite: exportsIn(writes),
    };
    return { found, findings: [definitionTrouble(error)] };
  } catch (other) {
    rethrowUsage(services, other);
    const unknown = skipped('definition', 'what this build is, is not known');
    return { findings: [thrown('context', other), unknown] };
  }
}

/** Bake that is not there is told by its own check. */
function definitionTrouble(error: unknown): DoctorFinding {
  const code = error instanceof WarmbakeError ? error.code : '';
  return code === 'buildx-missing' || code === 'docker-missing'
    ? skipped('definition', 'bake cannot be asked without buildx')
    : thrown('definition', error);
}

function rethrowUsage({ host }: BuildServices, error: unknown): void {
  host.signal.throwIfAborted();
  if (error instanceof WarmbakeError && error.kind === 'usage') throw error;
}

function exportsIn(targets: readonly Pick<Writes, 'exportTo'>[]): boolean {
  return targets.some(({ exportTo }) => exportTo.length > 0);
}

/** What follows from the build alone. */
export function planFindings(
  found: FoundPlan | undefined,
  {
    said,
    ci,
    settings,
  }: {
    readonly said: readonly Warning[];
    readonly ci: string;
    readonly settings: Pick<Settings, 'trustedBranch'>;
  },
): readonly DoctorFinding[] {
  if (found === undefined) return [];
  const { context, refs } = found;
  const unknown = saidAbout(said, 'merge-base-unknown');
  const base = baseOf(context.origin, settings.trustedBranch);
  return [
    contextFinding(context, ci),
    ...nameFindings(refs),
    mergeBaseFinding({ context, base, ...(unknown === undefined ? {} : { unknown }) }),
  ];
}
