import type { DiskSettings } from '../../config/families.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { MachineImage } from './machine-image.ts';
import type { TemplateVersion } from './template-version.ts';

/** How the disks of new instances shall come by the blocks of an image. */
export interface WantedDisk {
  readonly settings: DiskSettings;
  /** The image's devices that are made from snapshots: no others can be loaded. */
  readonly devices: readonly string[];
}

/** Blocks come as they are asked for; what was written into templates before goes. */
export const LAZY_DISK: WantedDisk = { settings: { kind: 'lazy' }, devices: [] };

/** The disk of instances of `image`; without the image nothing is known of its devices. */
export function wantedDisk(settings: DiskSettings, image: MachineImage | undefined): WantedDisk {
  const devices = (image?.snapshots ?? []).flatMap(({ device }) => device ?? []);
  return { settings, devices };
}

/** Name of the rate in a block device's `Ebs` (EC2, LaunchTemplateEbsBlockDevice). */
const RATE = 'VolumeInitializationRate';

/** What {@link describeDisk} adds to the description of a version. */
const WRITTEN = /, disk (\S+) at (\d+) MiB\/s$/;

/**
 * The data of a version that launches what `active` launches, with that disk: besides the image the one thing that a roll changes, and
 * only at devices that the version names already and that come from the image's snapshots. A rate that this tool has written
 * goes when it is not wanted any more; one that somebody else wrote stays, but where fast restore is wanted, which it would undo.
 */
export function withDisk(
  { data, description }: Pick<TemplateVersion, 'data' | 'description'>,
  disk: WantedDisk,
): JsonObject {
  const mappings = mappingsOf(data);
  if (mappings === undefined) return data;
  const ours = writtenBefore(description);
  return { ...data, BlockDeviceMappings: mappings.map((mapping) => withRate(mapping, disk, ours)) };
}

/** What an earlier roll wrote into the version that it described so. */
function writtenBefore(description = ''): Written {
  const [, devices = '', rate = ''] = WRITTEN.exec(description) ?? [];
  return { devices: devices.split(','), rate: Number(rate) };
}

interface Written {
  readonly devices: readonly string[];
  readonly rate: number;
}

function withRate(mapping: Json, { settings, devices }: WantedDisk, ours: Written): Json {
  if (!isJsonObject(mapping) || !isJsonObject(mapping['Ebs'])) return mapping;
  const { [RATE]: had, ...ebs } = mapping['Ebs'];
  const device = nameOf(mapping);
  const isOfImage = devices.includes(device);
  const isOurs = ours.devices.includes(device) && had === ours.rate;
  const other = had === undefined || isOurs ? {} : { [RATE]: had };
  const wanted = settings.kind === 'rate' ? { [RATE]: settings.mebibytes } : {};
  return { ...mapping, Ebs: { ...ebs, ...(isOfImage && settings.kind !== 'lazy' ? wanted : other) } };
}

/** Whether the version's devices leave a rate nowhere to be written. */
export function lacksDevices({ data }: Pick<TemplateVersion, 'data'>, disk: WantedDisk): boolean {
  if (disk.settings.kind !== 'rate') return false;
  const isThere = (mapping: Json): boolean =>
    isJsonObject(mapping) && isJsonObject(mapping['Ebs']) && disk.devices.includes(nameOf(mapping));
  return !(mappingsOf(data) ?? []).some(isThere);
}

/** What the description of a version says of its disk, so that a later roll knows whose the rate is. */
export function describeDisk({ settings, devices }: WantedDisk): string {
  return settings.kind === 'rate' ? `, disk ${devices.join(',')} at ${settings.mebibytes} MiB/s` : '';
}

function nameOf({ DeviceName: name }: JsonObject): string {
  return typeof name === 'string' ? name : '';
}

function mappingsOf(data: JsonObject): readonly Json[] | undefined {
  const mappings = data['BlockDeviceMappings'];
  return Array.isArray(mappings) ? mappings : undefined;
}
