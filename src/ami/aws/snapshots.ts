import type { Snapshot as SdkSnapshot } from '@aws-sdk/client-ec2';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { ownText } from '../../platform/own-text.ts';
import type { Snapshot, Snapshots } from '../model/account.ts';
import type { SnapshotId } from '../model/ids.ts';
import type { Ec2 } from './ec2.ts';
import { present } from './present.ts';
import { tagsOf } from './tagging.ts';
import { longListOf } from './whole-list.ts';

const IN_USE = 'InvalidSnapshot.InUse';

/** {@link Snapshots} on EC2. */
export function openSnapshots(ec2: Ec2): Snapshots {
  return {
    async tagged(key, value) {
      const { sdk, client } = await ec2.load();
      const name = { action: 'ec2:DescribeSnapshots', subject: `snapshots tagged ${key}=${value}` };
      const input = { OwnerIds: ['self'], Filters: [{ Name: `tag:${key}`, Values: [value] }] };
      const read = (snapshot: SdkSnapshot) => [readSnapshot(snapshot, name)];
      return await longListOf(ec2, { name, field: 'Snapshots', read }, (options) =>
        sdk.paginateDescribeSnapshots({ client, pageSize: 1_000 }, input, options),
      );
    },
    async remove(id) {
      const { sdk, client } = await ec2.load();
      const answer = await ec2.ask(
        { action: 'ec2:DeleteSnapshot', subject: id, expect: ['InvalidSnapshot.NotFound', IN_USE] },
        async (options) => await client.send(new sdk.DeleteSnapshotCommand({ SnapshotId: id }), options),
      );
      if (answer.ok) return 'removed';
      return answer.code === IN_USE ? 'in-use' : 'absent';
    },
  };
}

function readSnapshot(snapshot: SdkSnapshot, name: AwsRequestName): Snapshot {
  return {
    id: ownText(present(snapshot.SnapshotId, name, 'SnapshotId')) as SnapshotId,
    startedAt: present(snapshot.StartTime, name, 'StartTime'),
    description: ownText(snapshot.Description ?? ''),
    tags: tagsOf(snapshot.Tags),
  };
}
