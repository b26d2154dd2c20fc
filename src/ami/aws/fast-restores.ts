import { WarmbakeError } from '../../platform/errors.ts';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import type { FastRestores } from '../model/account.ts';
import type { SnapshotId } from '../model/ids.ts';
import type { Ec2 } from './ec2.ts';
import { present } from './present.ts';
import { listOf } from './whole-list.ts';

/** {@link FastRestores} on EC2. */
export function openFastRestores(ec2: Ec2): FastRestores {
  return {
    async list(snapshots) {
      const { sdk, client } = await ec2.load();
      const name = { action: 'ec2:DescribeFastSnapshotRestores', subject: snapshots.join(' ') };
      const input = { Filters: [{ Name: 'snapshot-id', Values: [...snapshots] }] };
      const restores = await listOf(ec2, { name, field: 'FastSnapshotRestores' }, (options) =>
        sdk.paginateDescribeFastSnapshotRestores({ client, pageSize: 200 }, input, options),
      );
      return restores.map((one) => ({
        snapshot: present(one.SnapshotId, name, 'SnapshotId') as SnapshotId,
        zone: present(one.AvailabilityZone, name, 'AvailabilityZone'),
        state: present(one.State, name, 'State'),
      }));
    },
    async enable(snapshots, zones) {
      const { sdk, client } = await ec2.load();
      const name = { action: 'ec2:EnableFastSnapshotRestores', subject: snapshots.join(' ') };
      const input = { SourceSnapshotIds: [...snapshots], AvailabilityZones: [...zones] };
      const answer = await ec2.call(
        name,
        async (options) => await client.send(new sdk.EnableFastSnapshotRestoresCommand(input), options),
      );
      requireAll(answer.Unsuccessful, name);
    },
    async disable(snapshots, zones) {
      const { sdk, client } = await ec2.load();
      const name = { action: 'ec2:DisableFastSnapshotRestores', subject: snapshots.join(' ') };
      const input = { SourceSnapshotIds: [...snapshots], AvailabilityZones: [...zones] };
      const answer = await ec2.call(
        name,
        async (options) => await client.send(new sdk.DisableFastSnapshotRestoresCommand(input), options),
      );
      requireAll(answer.Unsuccessful, name);
    },
  };
}

/** EC2 answers 200 where it did some of it, or nothing. */
function requireAll(unsuccessful: readonly Unsuccessful[] = [], { action, subject }: AwsRequestName): void {
  const [first] = unsuccessful;
  if (first === undefined) return;
  const [fault] = first.FastSnapshotRestoreStateErrors ?? [];
  const where = `${first.SnapshotId ?? subject} in ${fault?.AvailabilityZone ?? 'a zone'}`;
  const why = `${fault?.Error?.Code ?? 'refused'}: ${fault?.Error?.Message ?? 'EC2 does not say why'}`;
  throw new WarmbakeError('outside', 'restore-refused', `${action} (${where}) was not done: ${why}`);
}

interface Unsuccessful {
  readonly SnapshotId?: string | undefined;
  readonly FastSnapshotRestoreStateErrors?:
    | readonly {
        readonly AvailabilityZone?: string | undefined;
        readonly Error?:
          | { readonly Code?: string | undefined; readonly Message?: string | undefined }
          | undefined;
      }[]
    | undefined;
}
