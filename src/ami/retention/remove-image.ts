import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import type { SnapshotId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { attemptTags } from '../model/condemned.ts';
import { TAG } from '../model/tags.ts';
import { setTags } from './set-tags.ts';

/** How long EC2 may go on to see an image that has been deregistered. */
const SETTLE = { everyMs: 2_000, withinMs: 20_000 };

/**
 * Says on image and snapshots that the image is about to go: where the removal is interrupted after the image went, the next
 * cleanup finds its snapshots by that. The time says to others that somebody is deleting it, and on an image that stays that others are tried before it.
 * The answer is whether the image is still there.
 */
export async function markForRemoval(
  account: Account,
  image: MachineImage,
  { family, now }: { readonly family: FamilySettings; readonly now: Date },
): Promise<boolean> {
  const resources = [image.id, ...image.snapshots.map(({ id }) => id)];
  const tags = { [TAG.family]: family.key, [TAG.image]: image.id, ...attemptTags(now) };
  return await setTags(account, image.id, { resources, tags });
}

/**
 * Deletes all snapshots of an image that is gone, but those in `used`, which launch templates name. The answer is one
 * phrase for each snapshot that stays.
 */
export async function removeSnapshots(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { image, used }: { readonly image: MachineImage; readonly used: ReadonlySet<SnapshotId> },
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { id } of image.snapshots) {
    const because = used.has(id)
      ? `${id} stays: a launch template names it`
      : await removeSnapshot(account, host, id);
    if (because !== undefined) left.push(because);
  }
  return left;
}

/** Deletes a snapshot; one phrase where it stays because an image has it. */
async function removeSnapshot(
  account: Account,
  { clock, signal }: Pick<Host, 'clock' | 'signal'>,
  snapshot: SnapshotId,
): Promise<string | undefined> {
  const isGone = async () => ((await account.snapshots.remove(snapshot)) === 'in-use' ? undefined : true);
  const gone = await waitFor(isGone, { ...SETTLE, clock, signal });
  return gone === undefined ? `${snapshot} stays: an image has it` : undefined;
}
