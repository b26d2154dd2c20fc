/** Id of a machine image; made by {@link parseImageId} or by AWS. */
export type ImageId = `ami-${string}`;
/** Id of an EBS snapshot. */
export type SnapshotId = `snap-${string}`;
/** Id of a launch template. */
export type TemplateId = `lt-${string}`;
/** Id of an instance. */
export type InstanceId = `i-${string}`;

/** 17 hex digits; images and snapshots from before 2016 have 8 (EC2 user guide, "resource IDs"). */
const HEX = '[0-9a-f]{8}(?:[0-9a-f]{9})?';

/** `text` as the id of an image; `undefined` where it is none: a placeholder, quotes, or what a broken script left. */
export function parseImageId(text: string): ImageId | undefined {
  return new RegExp(`^ami-${HEX}$`).test(text) ? (text as ImageId) : undefined;
}

/** All ids of images in a text: what a value that is not quite an id may still mean to launch. */
export function imageIdsIn(text: string): readonly ImageId[] {
  return [...text.matchAll(new RegExp(`\\bami-${HEX}\\b`, 'g'))].map(([id]) => id as ImageId);
}
