import type { CanarySettings, FamilySettings } from '../config/families.ts';
import type { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import type { Account } from './model/account.ts';
import { clean, type CleanReport } from './retention/clean.ts';
import { readStanding, type Standing } from './model/desired.ts';
import { heldBecause } from './model/hold.ts';
import type { ImageId } from './model/ids.ts';
import type { MachineImage } from './model/machine-image.ts';
import { publish, type Published } from './rollout/publish.ts';
import { leaveDisks, prepareDisks, RESTORE_WAIT_MS } from './rollout/fast-restore.ts';
import { rollWhile } from './rollout/roll-while.ts';
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
      /** What has changed while the stacks were rolled; absent where nothing has. */
      readonly stopped?: WarmbakeError;
      /** Empty where stacks failed: nothing is cleaned then. */
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
  /** Puts back what was written too late, also where the run has lost its lock. Default: the account itself. */
  readonly late?: Account | undefined;
}

/**
 * Everything after the build, in the order that leaves the fleet on the old image whenever a gate fails: canary, parameter,
 * the other stacks in their order, cleanup. The image that goes on is the one that was given; the parameter is written, not
 * asked. Under a hold nothing is done. What it was decided on is looked at again all the way. Throws what the gate that failed throws;
 * stacks that fail are in the report, and after them nothing is cleaned: what they launch may be needed.
 */
export async function releaseImage(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  options: ReleaseOptions,
): Promise<ReleaseReport> {
  const { family, image, canary, dryRun, sendProbe, late } = options;
  const standing = await readStanding(account, family, host.clock.now());
  const because = heldBecause(standing.hold);
  if (because !== undefined) return { outcome: 'held', because };

  const section = (title: string): void => host.emit({ type: 'section', title });
  const tryIt = async (on: CanarySettings): Promise<CanaryReport> => {
    section(`Trying ${image.id} on ${on.stack}`);
    const probe = sendProbe === undefined ? {} : { sendProbe };
    return await tryCanary(account, host, {
      family,
      canary: on,
      image: image.id,
      dryRun,
      standing,
      late,
      ...probe,
    });
  };
  const through = async () => {
    const tried = canary === undefined ? undefined : await tryIt(canary);
    section(`Publishing ${image.id}`);
    return { tried, published: await publish(account, host, { family, image, dryRun, late }) };
  };
  if (!dryRun) {
    const { stacks } = family;
    await prepareDisks(account, host, { family, image: image.id, stacks, waitMs: RESTORE_WAIT_MS });
  }
  const { tried, published } = await through().catch(async (error: unknown) => {
    // An image that did not get through is not paid for any longer.
    if (!dryRun && !host.signal.aborted)
      await leaveDisks(late ?? account, host, { family, keep: desiredIn(standing) });
    throw error;
  });
  section('Rolling the stacks');
  // The stacks that matter most are listed last: an interrupted run has not come to them.
  const order = { stacks: family.stacks, inOrder: true };
  const { versions } = standing;
  const after: Standing = {
    ...standing,
    desired: { state: 'image', id: image.id },
    versions: { ...versions, desired: versions.desired + (published.outcome === 'published' ? 1 : 0) },
  };
  const premise = { family, image: image.id, standing: after };
  const { stacks, stopped } = dryRun
    ? { stacks: await roll(account, host, { image: image.id, ...order, disk: family.disk, dryRun }) }
    : await rollWhile(account, host, { premise, ...order, late });
  const isWhole = stopped === undefined && stacks.every(({ outcome }) => outcome !== 'failed');
  if (isWhole && !dryRun) await leaveDisks(account, host, { family, keep: [image.id] });
  section('Cleaning up');
  if (!isWhole) host.emit({ type: 'line', text: 'nothing is cleaned, as not all stacks run the image' });
  const cleaned: CleanReport = isWhole
    ? await clean(account, host, { family, dryRun, rollouts: [image.id] })
    : { lines: [], missing: [] };
  return {
    outcome: dryRun ? 'planned' : 'rolled',
    ...(tried === undefined ? {} : { canary: tried }),
    published,
    stacks,
    ...(stopped === undefined ? {} : { stopped }),
    cleaned,
  };
}

function desiredIn({ desired }: Standing): readonly ImageId[] {
  return desired.state === 'image' ? [desired.id] : [];
}
