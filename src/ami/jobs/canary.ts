import { isIn } from '../../ci/is-in.ts';
import type { CanarySettings, FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { sendProbe } from '../buildkite/probe-job.ts';
import type { Account } from '../model/account.ts';
import { readDesiredState } from '../model/desired.ts';
import { heldBecause } from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { requireImage } from '../model/unpublishable.ts';
import { tryCanary, type CanaryOptions, type CanaryReport } from '../rollout/try-canary.ts';
import { asWriter } from './as-writer.ts';
import type { OpenFamily } from './open-family.ts';

/** How the canary is tried. */
export interface CanaryChoice {
  /** In place of the configured one, in milliseconds; 0 skips the watch. */
  readonly watchMs?: number;
  /** Configuration file that the probe's job is told; absent where its environment tells it. */
  readonly config?: string;
}

/**
 * One stack tries an image. Throws `config` where the family has no canary, `refused` where stacks must not run the image, an
 * operator holds the parameter, or another run is at work; `check` where the image fails.
 */
export async function canaryJob(
  host: Host,
  open: OpenFamily,
  { written, dryRun, ...choice }: CanaryChoice & { readonly written: string; readonly dryRun: boolean },
): Promise<{ readonly image: MachineImage; readonly report: CanaryReport }> {
  const { family, account } = open;
  const canary = chosenCanary(family, choice);
  if (canary === undefined) {
    const message = `family '${family.key}' has no canary; add ami.${family.key}.canary`;
    throw new WarmbakeError('config', 'no-canary', message);
  }
  const image = await requireImage(account, family, { written });
  const because = heldBecause((await readDesiredState(account, family, host.clock.now())).hold);
  if (because !== undefined) throw new WarmbakeError('refused', 'held', `${family.parameter} is ${because}`);
  const job = { job: 'canary', image: image.id } as const;
  return await asWriter(dryRun, host, { open, job }, async (locked) => {
    const probe = probeOptions(host, account, { ...choice, family, canary, image: image.id });
    const options = { family, canary, image: image.id, dryRun, late: locked.late, ...probe };
    return { image, report: await tryCanary(locked.account, host, options) };
  });
}

/** The configured canary with the watch that was asked for; absent where there is none. */
export function chosenCanary(
  { canary }: FamilySettings,
  { watchMs }: CanaryChoice,
): CanarySettings | undefined {
  return canary === undefined || watchMs === undefined ? canary : { ...canary, watchMs };
}

/** In a Buildkite build a job is sent to an instance of the image. */
export function probeOptions(
  host: Host,
  account: Account,
  { family, canary, image, config }: ProbeContext,
): Pick<CanaryOptions, 'sendProbe'> {
  if (!isIn(host.env, 'buildkite')) return {};
  const command = `warmbake ami probe ${image} --family ${family.key}`;
  const job = { image, stack: canary.stack, command, ...(config === undefined ? {} : { config }) };
  return { sendProbe: async () => await sendProbe(account, host, job) };
}

interface ProbeContext extends CanaryChoice {
  readonly family: FamilySettings;
  readonly canary: CanarySettings;
  readonly image: ImageId;
}
