import type { FamilySettings } from '../../config/families.ts';
import type { ImageId, SnapshotId } from './ids.ts';
import { TAG, type Tags } from './tags.ts';

/** An AMI as AWS describes it. */
export interface MachineImage {
  readonly id: ImageId;
  readonly name: string;
  /** What whoever made it wrote: part of the request that makes an image, unlike its tags. */
  readonly description?: string;
  /** Account that owns it, 12 digits. */
  readonly owner: string;
  readonly createdAt: Date;
  /** EC2's state: only `available` can be launched; `pending`, `failed`, `disabled` and others occur. */
  readonly availability: string;
  /** Everybody may launch it; absent where not. */
  readonly isPublic?: true;
  /** EC2 refuses to deregister it until somebody takes that back (DisableImageDeregistrationProtection); absent where not. */
  readonly isProtected?: true;
  /** The snapshots of all its volumes. */
  readonly snapshots: readonly ImageSnapshot[];
  readonly tags: Tags;
}

/** One volume of an image. */
export interface ImageSnapshot {
  readonly id: SnapshotId;
  /** Name of the device in the image, `/dev/xvda`; absent where EC2 does not say. */
  readonly device?: string;
  /** Size of the volume, which is more than what the snapshot occupies. */
  readonly gibibytes: number;
  /** Absent where EC2 does not say. */
  readonly encrypted?: boolean;
}

/** How far an image has come. */
export type ImageState = 'candidate' | 'published' | 'revoked';

/** Names are the family's prefix, `-` and the time of the build as 14 digits: `…-build-20260821110342`. */
export function imageNamePrefix(family: Pick<FamilySettings, 'name'>): string {
  return `${family.name}-`;
}

/** Whether the image is one of exactly this family: `x-build-arm64-…` is not one of `x-build`. */
export function belongsTo(image: MachineImage, family: Pick<FamilySettings, 'key' | 'name'>): boolean {
  const prefix = imageNamePrefix(family);
  const tagged = image.tags[TAG.family] ?? family.key;
  return (
    tagged === family.key && image.name.startsWith(prefix) && /^\d{14}$/.test(image.name.slice(prefix.length))
  );
}

/**
 * The run that built the image; `undefined` where none of ours did. Packer tags an image only after it is made: where it was
 * killed in between, the description (`packer/cpu/cpu.pkr.hcl`) still tells.
 */
export function runOf({ tags, description = '' }: MachineImage): string | undefined {
  return tags[TAG.run] ?? /^warmbake run (\S+)$/.exec(description)?.[1];
}

/**
 * An image that no run of ours has built was made before this tool, and published by what there was. One that carries the time of a
 * revocation is revoked: a run that did not know may have written its own state over it.
 */
export function stateOf(image: MachineImage): ImageState {
  if (image.tags[TAG.revokedAt] !== undefined) return 'revoked';
  const state = image.tags[TAG.state];
  if (state === 'published' || state === 'revoked') return state;
  return state === undefined && runOf(image) === undefined ? 'published' : 'candidate';
}

/** Newest first; the name decides between images of one second. */
export function newestFirst(images: readonly MachineImage[]): readonly MachineImage[] {
  return images.toSorted(
    (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.name < b.name ? 1 : -1),
  );
}
