import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import type { ImageId, SnapshotId } from '../model/ids.ts';
import { belongsTo, imageNamePrefix, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';
import { readStacks } from './stack-facts.ts';

/** EC2 prepares a TiB an hour; an image that takes longer goes on without. Milliseconds. */
export const RESTORE_WAIT_MS = 45 * 60_000;
const LOOK_MS = 15_000;

/** A zone in which a snapshot is prepared, or is being. */
const ON: ReadonlySet<string> = new Set(['enabling', 'optimizing', 'enabled']);

/** On {@link TAG.fastRestore} where it was on once. */
const OFF = 'off';

type Quiet = Pick<Host, 'clock' | 'signal' | 'emit'>;

/** Options of {@link prepareDisks}. */
export interface DiskPreparation {
  readonly family: FamilySettings;
  readonly image: ImageId;
  readonly stacks: readonly string[];
  /** How long to wait until volumes come with their blocks; 0: not at all. */
  readonly waitMs: number;
}

/**
 * Where the family wants fast restore: switches it on for the image's snapshots in the zones that the stacks launch in, and says what
 * that is paid by. The image is tagged first, so that what a killed run has switched on is found and switched off. A refusal is a warning:
 * the disks are slow then, and the image is as good as ever.
 */
export async function prepareDisks(account: Account, host: Quiet, options: DiskPreparation): Promise<void> {
  if (options.family.disk.kind !== 'restore') return;
  await unlessOutside(host, 'restore-not-enabled', 'volumes are loaded as they are read', async () => {
    const [image, zones] = await Promise.all([account.images.find(options.image), zonesOf(account, options)]);
    if (image === undefined || zones.length === 0) return;
    const snapshots = image.snapshots.map(({ id }) => id);
    const wanted = snapshots.flatMap((snapshot) => zones.map((zone) => ({ snapshot, zone })));
    const isOn = async (): Promise<number> => {
      const on = await account.fastRestores.list(snapshots);
      const ready = on.filter(({ state }) => state === 'enabled');
      return wanted.filter((one) => ready.some((is) => isSame(is, one))).length;
    };
    await enableMissing(account, host, { image, zones });
    const ready = async () => ((await isOn()) === wanted.length ? true : undefined);
    const limits = { everyMs: LOOK_MS, withinMs: options.waitMs, clock: host.clock, signal: host.signal };
    if ((await waitFor(ready, limits)) === true) return;
    host.emit({
      type: 'line',
      text: `going on while EC2 prepares ${options.image} (about an hour for a TiB): volumes made before then are loaded as they are read`,
    });
  });
}

/** Switches it on where it is not, all snapshots of a zone at once. */
async function enableMissing(
  account: Account,
  { clock, emit }: Quiet,
  { image, zones }: { readonly image: MachineImage; readonly zones: readonly string[] },
): Promise<void> {
  const snapshots = image.snapshots.map(({ id }) => id);
  const on = (await account.fastRestores.list(snapshots)).filter(({ state }) => ON.has(state));
  const missing = zones.filter((zone) =>
    snapshots.some((snapshot) => !on.some((is) => isSame(is, { snapshot, zone }))),
  );
  if (missing.length === 0) return;
  const tag = `${zones.join(' ')} since ${clock.now().toISOString()}`;
  await account.tagging.set([image.id], { [TAG.fastRestore]: tag });
  await account.fastRestores.enable(snapshots, missing);
  const count = snapshots.length * zones.length;
  emit({
    type: 'line',
    text: `fast restore of ${image.id} is on in ${zones.join(', ')}: ${count} zone-hours are paid each hour until another image takes its place`,
  });
}

/**
 * Switches fast restore off on all images of the family but `keep`: those that were left, or whose rollout did not succeed. Without
 * such images nothing is asked of EC2 but the list of images. A refusal is a warning, which says that they cost.
 */
export async function leaveDisks(
  account: Account,
  host: Quiet,
  { family, keep }: { readonly family: FamilySettings; readonly keep: readonly ImageId[] },
): Promise<void> {
  const kept = family.disk.kind === 'restore' ? keep : [];
  await unlessOutside(host, 'restore-left', 'an earlier image may still be paid for', async () => {
    const images = (await account.images.list(imageNamePrefix(family))).filter(
      (image) => belongsTo(image, family) && isRestored(image) && !kept.includes(image.id),
    );
    for (const image of images) {
      const on = (await account.fastRestores.list(image.snapshots.map(({ id }) => id))).filter(({ state }) =>
        ON.has(state),
      );
      const snapshots: readonly SnapshotId[] = [...new Set(on.map(({ snapshot }) => snapshot))];
      const zones = [...new Set(on.map(({ zone }) => zone))];
      if (zones.length > 0) await account.fastRestores.disable(snapshots, zones);
      await account.tagging.set([image.id], { [TAG.fastRestore]: OFF });
      host.emit({ type: 'line', text: `fast restore of ${image.id} is off` });
    }
  });
}

/** Whether fast restore was switched on for the image, and not off since. */
export function isRestored({ tags }: Pick<MachineImage, 'tags'>): boolean {
  return (tags[TAG.fastRestore] ?? OFF) !== OFF;
}

async function zonesOf(account: Account, { stacks, image }: DiskPreparation): Promise<readonly string[]> {
  const zones = (await readStacks(account, stacks, image)).flatMap((reading) => {
    if (reading.state === 'unreadable') throw reading.error;
    return reading.facts.group?.zones ?? [];
  });
  return [...new Set(zones)].toSorted();
}

function isSame(
  a: { readonly snapshot: SnapshotId; readonly zone: string },
  b: { readonly snapshot: SnapshotId; readonly zone: string },
): boolean {
  return a.snapshot === b.snapshot && a.zone === b.zone;
}

async function unlessOutside(
  { emit }: Quiet,
  code: string,
  means: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    // A lost lock, or an interruption, ends the run.
    if (!(error instanceof WarmbakeError) || error.kind !== 'outside') throw error;
    warn(emit, code, `${error.message}; ${means}`);
  }
}
