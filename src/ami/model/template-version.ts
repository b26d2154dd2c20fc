import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ImageId, SnapshotId, TemplateId } from './ids.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** A version's number in digits, or one of the two that EC2 resolves itself. */
export type VersionName = `${number}` | '$Latest' | '$Default';

/** One immutable version of a launch template. */
export interface TemplateVersion {
  readonly template: TemplateId;
  /** The template's name; absent where EC2 does not say. */
  readonly templateName?: string;
  readonly number: number;
  readonly isDefault: boolean;
  /** `ami-…`, or `resolve:ssm:…`, which EC2 resolves at each launch. */
  readonly image?: string;
  readonly description?: string;
  readonly createdAt?: Date;
  /** `LaunchTemplateData` as EC2 describes it. */
  readonly data: JsonObject;
}

/** A version like another one with a new image. */
export interface VersionRequest {
  readonly template: TemplateId;
  readonly source: number;
  readonly image: ImageId;
  /** 255 characters at most. */
  readonly description: string;
  /** In the place of all of the source's (`BlockDeviceMappings`), without snapshots; absent where those stay. */
  readonly devices?: readonly JsonObject[];
}

/**
 * A token by which EC2 recognises the repetition of a request. Everything that the request says is in it: EC2 refuses a
 * token that comes back with other parameters.
 */
export function clientToken({ template, source, image, description, devices }: VersionRequest): string {
  const more = devices === undefined ? [] : [devices];
  return createHash('sha256')
    .update(JSON.stringify([template, source, image, description, ...more]))
    .digest('hex');
}

/** Whether two versions launch the same instances but for the image. */
export function equalButForImage(
  a: Pick<TemplateVersion, 'data'>,
  b: Pick<TemplateVersion, 'data'>,
): boolean {
  return isDeepStrictEqual(withoutImage(a.data), withoutImage(b.data));
}

/**
 * The part of a version's data that a new image leaves alone. Snapshots of the block-device mappings belong to the image:
 * EC2 leaves them out of a version that is made from another (CreateLaunchTemplateVersion, `SourceVersion`).
 */
function withoutImage(data: JsonObject): JsonObject {
  const { ImageId: _image, BlockDeviceMappings: mappings, ...rest } = data;
  return Array.isArray(mappings) ? { ...rest, BlockDeviceMappings: mappings.map(withoutSnapshot) } : rest;
}

function withoutSnapshot(mapping: Json): Json {
  if (!isJsonObject(mapping) || !isJsonObject(mapping['Ebs'])) return mapping;
  const { SnapshotId: _snapshot, ...ebs } = mapping['Ebs'];
  return { ...mapping, Ebs: ebs };
}

/** The block devices to send for a version with `wanted` in the place of `had`; `undefined` where they are the same. */
export function changedDevices(had: JsonObject, wanted: JsonObject): readonly JsonObject[] | undefined {
  if (equalButForImage({ data: had }, { data: wanted })) return undefined;
  const { BlockDeviceMappings: mappings } = withoutImage(wanted);
  return Array.isArray(mappings) ? (mappings as readonly Json[]).filter(isJsonObject) : undefined;
}

/** Snapshots that the version itself names, beside those of its image. */
export function snapshotsOf({ data }: TemplateVersion): readonly SnapshotId[] {
  const mappings = data['BlockDeviceMappings'];
  if (!Array.isArray(mappings)) return [];
  return (mappings as readonly Json[]).flatMap((mapping) => {
    const ebs = isJsonObject(mapping) ? mapping['Ebs'] : undefined;
    const snapshot = isJsonObject(ebs) ? ebs['SnapshotId'] : undefined;
    return isSnapshotId(snapshot) ? [snapshot] : [];
  });
}

function isSnapshotId(value: Json | undefined): value is SnapshotId {
  return typeof value === 'string' && value.startsWith('snap-');
}
