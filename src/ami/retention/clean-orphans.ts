import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { attemptLine, type CleanLine } from './clean-line.ts';
import type { ImageId, SnapshotId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { findOrphans } from './orphans.ts';
import { TAG } from '../model/tags.ts';

/** Options of {@link cleanOrphans}. */
export interface OrphanOptions {
  readonly family: FamilySettings;
  /** All images whose name begins like the family's, as they were when the run began, but for those that it has deleted. */
  readonly images: readonly MachineImage[];
  /** Only plan. */
  readonly dryRun: boolean;
  /** Snapshots that launch templates name: they stay. */
  readonly used: ReadonlySet<SnapshotId>;
  /** Images that something refers to: their snapshots stay, though the image is gone. */
  readonly wanted: ReadonlySet<ImageId>;
}

/** Deletes the family's snapshots that images left behind. EC2 itself keeps those that any image still has. */
export async function cleanOrphans(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  { family, images, dryRun, used, wanted }: OrphanOptions,
): Promise<readonly CleanLine[]> {
  const snapshots = await account.snapshots.tagged(TAG.family, family.key);
  const facts = { images, used, wanted, minimumAgeMs: family.keep.minimumAgeMs, now: clock.now() };
  const lines: CleanLine[] = [];
  for (const { snapshot: id, origin, because } of findOrphans(snapshots, facts)) {
    const line = await attemptLine({ id }, async () => {
      // It may have come since the images were listed.
      if ((await account.images.find(origin)) !== undefined)
        return { id, outcome: 'kept', because: [`its image ${origin} is there`] };
      if (dryRun) return { id, outcome: 'planned', because: [because] };
      if ((await account.snapshots.remove(id)) === 'in-use') {
        return { id, outcome: 'kept', because: ['an image has it'] };
      }
      return { id, outcome: 'deleted', because: [because] };
    });
    lines.push(line);
  }
  return lines;
}
