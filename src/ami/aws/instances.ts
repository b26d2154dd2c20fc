import type { Instance as SdkInstance, Reservation } from '@aws-sdk/client-ec2';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { ownText } from '../../platform/own-text.ts';
import { askedTogether } from '../../platform/together.ts';
import type { Instance, Instances } from '../model/account.ts';
import type { ImageId, InstanceId } from '../model/ids.ts';
import type { Ec2 } from './ec2.ts';
import { present } from './present.ts';
import { tagsOf } from './tagging.ts';
import { longListOf } from './whole-list.ts';

/** Every state but `terminated`. */
const STATES = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];

/** {@link Instances} on EC2. */
export function openInstances(ec2: Ec2): Instances {
  return {
    list: askedTogether(async () => {
      const { sdk, client } = await ec2.load();
      const name = { action: 'ec2:DescribeInstances', subject: 'all instances' };
      const input = { Filters: [{ Name: 'instance-state-name', Values: STATES }] };
      const read = ({ Instances }: Reservation) =>
        present(Instances, name, 'Instances').map((instance) => readInstance(instance, name));
      return await longListOf(ec2, { name, field: 'Reservations', read }, (options) =>
        sdk.paginateDescribeInstances({ client, pageSize: 1_000 }, input, options),
      );
    }),
  };
}

function readInstance(instance: SdkInstance, name: AwsRequestName): Instance {
  const group = tagsOf(instance.Tags)['aws:autoscaling:groupName'];
  return {
    id: ownText(present(instance.InstanceId, name, 'InstanceId')) as InstanceId,
    image: ownText(present(instance.ImageId, name, 'ImageId')) as ImageId,
    state: present(instance.State?.Name, name, 'State'),
    launchedAt: present(instance.LaunchTime, name, 'LaunchTime'),
    ...(group === undefined ? {} : { group }),
  };
}
