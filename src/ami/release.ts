import type { CanarySettings, FamilySettings } from '../config/families.ts';
import type { Host } from '../platform/host.ts';
import type { Account } from './model/account.ts';
import { clean, type CleanReport } from './retention/clean.ts';
import { readDesiredState } from './model/desired.ts';
import { heldBecause } from './model/hold.ts';
import type { MachineImage } from './model/machine-image.ts';
import { publish, type Published } from './rollout/publish.ts';
import { roll, type StackResult } from './rollout/roll.ts';
import { tryCanary, type CanaryOptions, type CanaryReport } from './rollout/try-canary.ts';

/** How a finished image went through the gates. */
export type ReleaseReport =
  | { readonly outcome: 'held'; readonly because: string }
  | {
      readonly outcome: 'rolled' | 'planned';
      /** Absent where the family has no canary. */
      readonly canary?: CanaryReport;
      readonly published: Published;
      readonly stacks: readonly StackResult[];
      readonly cleaned: CleanReport;
    };

/** Options of {@link releaseImage}. */
export interface ReleaseOptions {
  readonly family: FamilySettings;
  /** Built, proved, and found fit to run. */
  readonly image: MachineImage;
  /** Absent where there is none. */
  readonly canary?: CanarySettings;
  /** Only plan. */
  readonly dryRun: boolean;
  readonly sendProbe?: CanaryOptions['sendProbe'];
}

/**
 * Everything after the build, in the order that leaves the fleet on the old image whenever a gate fails: canary, parameter,
 * the other stacks in their order, cleanup. The image that goes on is the one that was given; the parameter is written, not
 * asked. Under a hold nothing is done. Throws what the gate that failed throws; stacks that fail are in the report.
 */
export async function releaseImage(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  options: ReleaseOptions,
): Promise<ReleaseReport> {
  const { family, image, canary, dryRun, sendProbe } = options;
  const { hold } = await readDesiredState(account, family, host.clock.now());
  const because = heldBecause(hold);
  if (because !== undefined) return { outcome: 'held', because };

  const section = (title: string): void => host.emit({ type: 'section', title });
  const tryIt = async (on: CanarySettings): Promise<CanaryReport> => {
    section(`Trying ${image.id} on ${on.stack}`);
    const probe = sendProbe === undefined ? {} : { sendProbe };
    return await tryCanary(account, host, { family, canary: on, image: image.id, dryRun, ...probe });
  };
  const tried = canary === undefined ? undefined : await tryIt(canary);
  section(`Publishing ${image.id}`);
  const published = await publish(account, host, { family, image, dryRun });
  section('Rolling the stacks');
  // The stacks that matter most are listed last: an interrupted run has not come to them.
  const order = { stacks: family.stacks, inOrder: true };
  const stacks = await roll(account, host, { image: image.id, ...order, dryRun });
  section('Cleaning up');
  const cleaned = await clean(account, host, { family, dryRun, rollouts: [image.id] });
  return {
    outcome: dryRun ? 'planned' : 'rolled',
    ...(tried === undefined ? {} : { canary: tried }),
    published,
    stacks,
    cleaned,
  };
}
