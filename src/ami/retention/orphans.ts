import type { Snapshot } from '../model/account.ts';
import type { ImageId, SnapshotId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';

/** A snapshot of the family whose image is gone, or never came to be. */
export interface Orphan {
  readonly snapshot: SnapshotId;
  readonly because: string;
}

/** What decides about orphans. */
export interface OrphanFacts {
  /** All images whose name begins like the family's. */
  readonly images: readonly MachineImage[];
  /** Snapshots that launch templates name. */
  readonly used: ReadonlySet<SnapshotId>;
  /** Snapshots younger than this may belong to an image that is being made. */
  readonly minimumAgeMs: number;
  readonly now: Date;
}

/** Which of the family's snapshots are left over: marked ones whose image is gone, and old ones that no image has. */
export function findOrphans(
  snapshots: readonly Snapshot[],
  { images, used, minimumAgeMs, now }: OrphanFacts,
): readonly Orphan[] {
  const there = new Set<ImageId>(images.map(({ id }) => id));
  const owned = new Set(images.flatMap((image) => image.snapshots.map(({ id }) => id)));
  return snapshots.flatMap(({ id, startedAt, tags }): Orphan[] => {
    if (owned.has(id) || used.has(id)) return [];
    const image = tags[TAG.image];
    if (image !== undefined) {
      return there.has(image as ImageId) ? [] : [{ snapshot: id, because: `its image ${image} is gone` }];
    }
    const isOld = now.getTime() - startedAt.getTime() >= minimumAgeMs;
    return isOld ? [{ snapshot: id, because: 'no image has it' }] : [];
  });
}
