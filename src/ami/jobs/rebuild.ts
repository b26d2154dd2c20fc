import type { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { BuiltImage } from '../build/machine-image-build.ts';
import type { ImagePlan } from '../build/image-plan.ts';
import { canaryFailureOf } from '../model/canary-mark.ts';
import { readDesiredState } from '../model/desired.ts';
import { heldBecause } from '../model/hold.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { requireImage } from '../model/unpublishable.ts';
import { releaseImage, type ReleaseReport } from '../release.ts';
import { requireUnfailed } from '../rollout/remember-canary.ts';
import { asWriter } from './as-writer.ts';
import { buildJob, type ImageRequest } from './build.ts';
import { chosenCanary, probeOptions, type CanaryChoice } from './canary.ts';
import { cleanError } from './clean.ts';
import type { OpenFamily } from './open-family.ts';
import { rollError } from './roll.ts';
import { worstOf } from './worst-of.ts';

/** The daily job: a finished image in `written`, or one that is to be built. */
export interface RebuildRequest {
  readonly image: Pick<WrittenImage, 'written'> | { readonly build: Omit<ImageRequest, 'dryRun'> };
  readonly canary: CanaryChoice;
  /** Only plan. */
  readonly dryRun: boolean;
}

/** How the daily job went. */
export type Rebuilt =
  | { readonly planned: ImagePlan }
  | {
      readonly image: MachineImage;
      /** Absent where the image was given. */
      readonly built?: BuiltImage;
      readonly report: ReleaseReport;
      /** Whatever went wrong in the end; a gate that failed has thrown before. */
      readonly error?: WarmbakeError;
    };

/**
 * From nothing, or from a finished image, to a fleet that runs it: build, verify, canary, publish, roll, clean. Each step is a gate, and the
 * first one that fails leaves the fleet on the old image. Throws what that gate throws. An image that has failed on its canary is not given to
 * it again: throws `check` before anything is written.
 */
export async function rebuildJob(host: Host, open: OpenFamily, request: RebuildRequest): Promise<Rebuilt> {
  const { family, account } = open;
  const { dryRun } = request;
  const wanted: WrittenImage | { readonly plan: ImagePlan } =
    'build' in request.image ? await toBuild(host, open, { ...request.image.build, dryRun }) : request.image;
  if ('plan' in wanted) return { planned: wanted.plan };
  const image = await requireImage(account, family, wanted);
  const canary = chosenCanary(family, request.canary);
  const tried =
    canary === undefined
      ? {}
      : { canary, ...probeOptions(host, account, { ...request.canary, family, canary, image: image.id }) };
  // Under a hold nothing is tried.
  if (canary !== undefined && canaryFailureOf(image) !== undefined) {
    const { hold } = await readDesiredState(account, family, host.clock.now());
    if (heldBecause(hold) === undefined) requireUnfailed(image, family);
  }
  const job = { job: 'rebuild', image: image.id } as const;
  return await asWriter(dryRun, host, { open, job }, async (locked) => {
    const report = await releaseImage(locked.account, host, {
      family,
      image,
      dryRun,
      ...tried,
      late: locked.late,
    });
    const error = releaseError(report);
    return {
      image,
      ...(wanted.built === undefined ? {} : { built: wanted.built }),
      report,
      ...(error === undefined ? {} : { error }),
    };
  });
}

interface WrittenImage {
  readonly written: string;
  /** Absent where the image was given. */
  readonly built?: BuiltImage;
}

async function toBuild(
  host: Host,
  open: OpenFamily,
  request: ImageRequest,
): Promise<WrittenImage | { readonly plan: ImagePlan }> {
  const made = await buildJob(host, open, request);
  return 'plan' in made ? made : { ...made, written: made.built.image.id };
}

function releaseError(report: ReleaseReport): WarmbakeError | undefined {
  if (report.outcome === 'held') return undefined;
  const cleaned = cleanError(report.cleaned);
  const rolled = rollError(report.stacks, report.stopped);
  const errors = [rolled, cleaned].filter((error) => error !== undefined);
  return worstOf('parts', errors);
}
