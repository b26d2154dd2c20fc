import { TAG } from '../model/tags.ts';
import { keyPairName, type Leftover, type ImageBuilderEc2 } from '../model/image-builder-ec2.ts';
import type { Ec2 } from './ec2.ts';
import { launchPermissionsOf } from './launch-permissions.ts';
import { tagsOf } from './tagging.ts';
import { listOf } from './whole-list.ts';

/** States of an instance that costs, or will. */
const ALIVE = ['pending', 'running', 'stopping', 'stopped'];

/** {@link ImageBuilderEc2} on EC2. */
export function openImageBuilderEc2(ec2: Ec2): ImageBuilderEc2 {
  return {
    async vpcOfSecurityGroup(id) {
      const { sdk, client } = await ec2.load();
      const answer = await ec2.ask(
        {
          action: 'ec2:DescribeSecurityGroups',
          subject: id,
          expect: ['InvalidGroup.NotFound', 'InvalidGroupId.Malformed'],
        },
        async (options) =>
          await client.send(new sdk.DescribeSecurityGroupsCommand({ GroupIds: [id] }), options),
      );
      return answer.ok ? answer.value.SecurityGroups?.[0]?.VpcId : undefined;
    },
    async vpcOfSubnet(id) {
      const { sdk, client } = await ec2.load();
      const answer = await ec2.ask(
        {
          action: 'ec2:DescribeSubnets',
          subject: id,
          expect: ['InvalidSubnetID.NotFound', 'InvalidSubnetId.Malformed'],
        },
        async (options) => await client.send(new sdk.DescribeSubnetsCommand({ SubnetIds: [id] }), options),
      );
      return answer.ok ? answer.value.Subnets?.[0]?.VpcId : undefined;
    },
    async leftovers(family) {
      const [instances, volumes, keyPairs] = await Promise.all([
        instancesOf(ec2, family),
        volumesOf(ec2, family),
        keyPairsOf(ec2, family),
      ]);
      return [...instances, ...volumes, ...keyPairs];
    },
    async remove({ kind, id }) {
      const { sdk, client } = await ec2.load();
      if (kind === 'instance') {
        await ec2.ask(
          { action: 'ec2:TerminateInstances', subject: id, expect: ['InvalidInstanceID.NotFound'] },
          async (options) =>
            await client.send(new sdk.TerminateInstancesCommand({ InstanceIds: [id] }), options),
        );
      } else if (kind === 'volume') {
        await ec2.ask(
          { action: 'ec2:DeleteVolume', subject: id, expect: ['InvalidVolume.NotFound'] },
          async (options) => await client.send(new sdk.DeleteVolumeCommand({ VolumeId: id }), options),
        );
      } else {
        await ec2.ask(
          { action: 'ec2:DeleteKeyPair', subject: id, expect: ['InvalidKeyPair.NotFound'] },
          async (options) => await client.send(new sdk.DeleteKeyPairCommand({ KeyName: id }), options),
        );
      }
    },
    async deprecate(image, at) {
      const { sdk, client } = await ec2.load();
      await ec2.call(
        { action: 'ec2:EnableImageDeprecation', subject: image },
        async (options) =>
          await client.send(
            new sdk.EnableImageDeprecationCommand({ ImageId: image, DeprecateAt: at }),
            options,
          ),
      );
    },
    async requireMetadataSessions(image) {
      const { sdk, client } = await ec2.load();
      const input = { ImageId: image, ImdsSupport: { Value: 'v2.0' } };
      await ec2.call(
        { action: 'ec2:ModifyImageAttribute', subject: image },
        async (options) => await client.send(new sdk.ModifyImageAttributeCommand(input), options),
      );
    },
    async share(image, { accounts, organizations }) {
      const { sdk, client } = await ec2.load();
      const add = [
        ...accounts.map((UserId) => ({ UserId })),
        ...organizations.map((arn) =>
          arn.includes(':ou/') ? { OrganizationalUnitArn: arn } : { OrganizationArn: arn },
        ),
      ];
      // One each: a policy's conditions look at who is added, of whom there is then one.
      for (const one of add) {
        const input = { ImageId: image, LaunchPermission: { Add: [one] } };
        await ec2.call(
          { action: 'ec2:ModifyImageAttribute', subject: image },
          async (options) => await client.send(new sdk.ModifyImageAttributeCommand(input), options),
        );
      }
    },
    sharedWith: async (image) => await launchPermissionsOf(ec2, image),
  };
}

function tagFilter(family: string) {
  return { Name: `tag:${TAG.family}`, Values: [family] };
}

async function instancesOf(ec2: Ec2, family: string): Promise<readonly Leftover[]> {
  const { sdk, client } = await ec2.load();
  const input = { Filters: [tagFilter(family), { Name: 'instance-state-name', Values: ALIVE }] };
  const name = { action: 'ec2:DescribeInstances', subject: `instances that build family ${family}` };
  const reservations = await listOf(ec2, { name, field: 'Reservations' }, (options) =>
    sdk.paginateDescribeInstances({ client }, input, options),
  );
  return reservations
    .flatMap((reservation) => reservation.Instances ?? [])
    .flatMap(({ InstanceId, LaunchTime, Tags }) =>
      traceOf('instance', InstanceId, { since: LaunchTime, run: tagsOf(Tags)[TAG.run] }),
    );
}

async function volumesOf(ec2: Ec2, family: string): Promise<readonly Leftover[]> {
  const { sdk, client } = await ec2.load();
  // One that is attached goes with its instance.
  const input = { Filters: [tagFilter(family), { Name: 'status', Values: ['available'] }] };
  const name = { action: 'ec2:DescribeVolumes', subject: `volumes that build family ${family}` };
  const volumes = await listOf(ec2, { name, field: 'Volumes' }, (options) =>
    sdk.paginateDescribeVolumes({ client }, input, options),
  );
  return volumes.flatMap(({ VolumeId, CreateTime, Tags }) =>
    traceOf('volume', VolumeId, { since: CreateTime, run: tagsOf(Tags)[TAG.run] }),
  );
}

async function keyPairsOf(ec2: Ec2, family: string): Promise<readonly Leftover[]> {
  const { sdk, client } = await ec2.load();
  const prefix = keyPairName(family, '');
  const answer = await ec2.call(
    { action: 'ec2:DescribeKeyPairs', subject: `key pairs named ${prefix}*` },
    async (options) =>
      await client.send(
        new sdk.DescribeKeyPairsCommand({ Filters: [{ Name: 'key-name', Values: [`${prefix}*`] }] }),
        options,
      ),
  );
  return (answer.KeyPairs ?? []).flatMap(({ KeyName, CreateTime }) =>
    traceOf('key-pair', KeyName, { since: CreateTime, run: KeyName?.slice(prefix.length) }),
  );
}

/** Without a run it is nobody's that we know. */
function traceOf(
  kind: Leftover['kind'],
  id: string | undefined,
  { since, run }: { readonly since: Date | undefined; readonly run: string | undefined },
): readonly Leftover[] {
  if (id === undefined || run === undefined) return [];
  return [{ kind, id, run, ...(since === undefined ? {} : { since }) }];
}
