import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DiskSettings } from '../../../src/config/families.ts';
import { describeDisk, lacksDevices, withDisk } from '../../../src/ami/model/disk.ts';
import type { Json, JsonObject } from '../../../src/ami/model/json.ts';
import { changedDevices } from '../../../src/ami/model/template-version.ts';

const ROOT: JsonObject = {
  DeviceName: '/dev/xvda',
  Ebs: { DeleteOnTermination: true, VolumeSize: 512, VolumeType: 'gp3', Iops: 6000, Throughput: 500 },
};
const SCRATCH: JsonObject = { DeviceName: '/dev/xvdb', Ebs: { VolumeSize: 100 } };
const GONE: JsonObject = { DeviceName: '/dev/xvdf', Ebs: { VolumeSize: 100 } };
const EPHEMERAL: JsonObject = { DeviceName: '/dev/sdc', VirtualName: 'ephemeral0' };
const DEVICES = ['/dev/xvda'];

function version(devices: readonly JsonObject[] | undefined, description?: string) {
  const data = { KeyName: 'builders', ...(devices === undefined ? {} : { BlockDeviceMappings: devices }) };
  return { data, ...(description === undefined ? {} : { description }) };
}

function atRate(mapping: JsonObject, rate: number): JsonObject {
  return { ...mapping, Ebs: { ...(mapping['Ebs'] as JsonObject), VolumeInitializationRate: rate } };
}

function mappings(data: JsonObject): Json | undefined {
  return data['BlockDeviceMappings'];
}

describe('the disk of a version', () => {
  const RATE: DiskSettings = { kind: 'rate', mebibytes: 300 };
  const OURS = 'ami-1 by warmbake, else as version 1, disk /dev/xvda,/dev/xvdf at 300 MiB/s';

  test.each<
    readonly [string, readonly JsonObject[], DiskSettings, string | undefined, readonly JsonObject[]]
  >([
    ['gets a rate where it comes from the image', [ROOT], RATE, undefined, [atRate(ROOT, 300)]],
    ['gets another rate in the place of its own', [atRate(ROOT, 100)], RATE, undefined, [atRate(ROOT, 300)]],
    [
      'gets none where it comes from no snapshot: EC2 would refuse the launch',
      [ROOT, SCRATCH, EPHEMERAL],
      RATE,
      undefined,
      [atRate(ROOT, 300), SCRATCH, EPHEMERAL],
    ],
    ['stays as its owner wrote it', [atRate(ROOT, 200)], { kind: 'lazy' }, undefined, [atRate(ROOT, 200)]],
    ['loses the rate that a roll wrote', [atRate(ROOT, 300)], { kind: 'lazy' }, OURS, [ROOT]],
    [
      'keeps the rate of another device when that of a roll goes',
      [atRate(ROOT, 300), atRate(SCRATCH, 150)],
      { kind: 'lazy' },
      OURS,
      [ROOT, atRate(SCRATCH, 150)],
    ],
    [
      'has no rate beside fast restore, which it would undo',
      [atRate(ROOT, 200)],
      { kind: 'restore' },
      undefined,
      [ROOT],
    ],
    [
      'loses the rate of a device that this image does not have',
      [ROOT, atRate(GONE, 300), atRate(SCRATCH, 300)],
      RATE,
      OURS,
      [atRate(ROOT, 300), GONE, atRate(SCRATCH, 300)],
    ],
  ])('%s', (_, had, settings, description, wanted) => {
    const data = withDisk(version(had, description), { settings, devices: DEVICES });
    expect(mappings(data)).toEqual(wanted);
    expect(data['KeyName']).toBe('builders');
  });

  test('is not made up where a template names no device', () => {
    const disk = { settings: RATE, devices: DEVICES };
    expect(withDisk(version(undefined), disk)).toEqual({ KeyName: 'builders' });
    expect([undefined, [SCRATCH], [ROOT]].map((had) => lacksDevices(version(had), disk))).toEqual([
      true,
      true,
      false,
    ]);
    expect(lacksDevices(version(undefined), { settings: { kind: 'lazy' }, devices: [] })).toBe(false);
  });

  test('is sent whole and without snapshots, which are those of the image, and not at all where it stays', () => {
    const from = (mapping: JsonObject): JsonObject => ({
      ...mapping,
      Ebs: { ...(mapping['Ebs'] as JsonObject), SnapshotId: 'snap-0123456789abcdef0' },
    });
    const { data } = version([from(ROOT), SCRATCH]);
    const wanted = withDisk({ data }, { settings: RATE, devices: DEVICES });
    expect(changedDevices(data, wanted)).toEqual([atRate(ROOT, 300), SCRATCH]);
    expect(changedDevices(data, version([ROOT, SCRATCH]).data)).toBeUndefined();
  });

  const settings = fc.constantFrom<DiskSettings>(
    { kind: 'lazy' },
    { kind: 'restore' },
    { kind: 'rate', mebibytes: 100 },
    RATE,
  );
  const mapping = fc
    .tuple(fc.constantFrom(ROOT, SCRATCH, EPHEMERAL), fc.option(fc.constantFrom(100, 200, 300)))
    .map(([one, rate]) => (rate === null || one === EPHEMERAL ? one : atRate(one, rate)));

  test('written twice is written once, and nothing but rates changes', () => {
    fc.assert(
      fc.property(fc.array(mapping), settings, fc.constantFrom(undefined, OURS), (had, wanted, by) => {
        const disk = { settings: wanted, devices: DEVICES };
        const once = withDisk(version(had, by), disk);
        const description = `ami-1 by warmbake, else as version 2${describeDisk(disk)}`;
        expect(withDisk({ data: once, description }, disk)).toEqual(once);
        const bare = (data: JsonObject): unknown =>
          JSON.parse(
            JSON.stringify(data, (key, value: unknown) =>
              key === 'VolumeInitializationRate' ? undefined : value,
            ),
          );
        expect(bare(once)).toEqual(bare(version(had).data));
      }),
    );
  });
});
