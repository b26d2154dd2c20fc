import type { Snapshot } from '../model/account.ts';
import { parseImageId, type ImageId, type SnapshotId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';

/** A snapshot of the family whose image is gone, or never came to be. */
export interface Orphan {
  readonly snapshot: SnapshotId;
  /** The image that it was made for. */
  readonly origin: ImageId;
  readonly because: string;
}

/** What decides about orphans. */
export interface OrphanFacts {
  /** All images whose name begins like the family's. */
  readonly images: readonly MachineImage[];
  /** Snapshots that launch templates name. */
  readonly used: ReadonlySet<SnapshotId>;
  /** Images that something refers to, there or not: what is left of them stays. */
  readonly wanted: ReadonlySet<ImageId>;
  /** Snapshots younger than this may belong to an image that is being made. */
  readonly minimumAgeMs: number;
  readonly now: Date;
}

/**
 * Which of the family's snapshots are left over: marked ones whose image is gone, and old ones of runs that no image has. A tag alone
 * is no proof, as anybody can set it: EC2 must say that the snapshot was made for an image, that image must be gone, and a mark must
 * name the same one.
 */
export function findOrphans(
  snapshots: readonly Snapshot[],
  { images, used, wanted, minimumAgeMs, now }: OrphanFacts,
): readonly Orphan[] {
  const there = new Set<string>(images.map(({ id }) => id));
  const owned = new Set(images.flatMap((image) => image.snapshots.map(({ id }) => id)));
  return snapshots.flatMap(({ id, startedAt, tags, description }): Orphan[] => {
    const origin = imageMadeFor(description);
    if (owned.has(id) || used.has(id) || tags[TAG.keep] !== undefined) return [];
    if (origin === undefined || there.has(origin) || wanted.has(origin)) return [];
    const image = tags[TAG.image];
    if (image !== undefined)
      return image === origin ? [{ snapshot: id, origin, because: `its image ${image} is gone` }] : [];
    const isOld = now.getTime() - startedAt.getTime() >= minimumAgeMs;
    return isOld && tags[TAG.run] !== undefined ? [{ snapshot: id, origin, because: 'no image has it' }] : [];
  });
}

/** The image that EC2 made a snapshot for: CreateImage's own words for it, or those of CopyImage, by which Packer encrypts. */
function imageMadeFor(description: string): ImageId | undefined {
  const words =
    /^(?:Created by CreateImage\(i-[0-9a-f]+\) for|Copied for DestinationAmi) (ami-[0-9a-f]+)(?= |$)/;
  return parseImageId(words.exec(description)?.[1] ?? '');
}
