import {
  CreateKeyPairCommand,
  ModifyImageAttributeCommand,
  RegisterImageCommand,
  CreateVolumeCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEc2 } from '../../../src/ami/aws/ec2.ts';
import { openImageBuilderEc2 } from '../../../src/ami/aws/image-builder-ec2.ts';
import type { ImageId } from '../../../src/ami/model/ids.ts';
import { keyPairName, type ImageBuilderEc2 } from '../../../src/ami/model/image-builder-ec2.ts';
import { openAws } from '../../../src/platform/aws.ts';
import { startMoto, type Moto } from '../../../parts/moto/server.ts';
import type { Running } from '../../../parts/part.ts';
import { needsMoto } from '../../tiers/moto.ts';
import { clientOf } from '../../../parts/moto/client.ts';
import { useFront } from '../../../parts/moto/fleet.ts';
import { startFront, type Front } from '../../../parts/moto/front.ts';

const isThere = await needsMoto();
let moto: Moto & Running;
let front: Front & Running;
let ec2: EC2Client;
let imageBuilder: ImageBuilderEc2;

beforeAll(async () => {
  if (!isThere) return;
  moto = await startMoto();
  front = await startFront(moto);
  useFront(front);
  ec2 = new EC2Client(clientOf(moto.url));
  imageBuilder = openImageBuilderEc2(
    openEc2(openAws({ fetch, signal: new AbortController().signal }, 'us-east-1')),
  );
});

afterAll(async () => {
  if (!isThere) return;
  ec2.destroy();
  await front.stop();
  await moto.stop();
});

/** What Packer makes for a run, and leaves when it is killed. */
async function leave(family: string, run: string): Promise<void> {
  const Tags = [
    { Key: 'warmbake:family', Value: family },
    { Key: 'warmbake:run', Value: run },
  ];
  await ec2.send(new CreateKeyPairCommand({ KeyName: keyPairName(family, run) }));
  await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-00000000000000000',
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  );
  await ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: 'us-east-1a',
      Size: 1,
      TagSpecifications: [{ ResourceType: 'volume', Tags }],
    }),
  );
}

test('what a killed run left is found by family and run, and can be taken away twice', async () => {
  await leave('cpu', 'killed');
  await leave('gpu', 'other');
  const leftovers = await imageBuilder.leftovers('cpu');
  expect(leftovers.map(({ kind, run }) => `${kind} ${run}`)).toEqual([
    'instance killed',
    'volume killed',
    'key-pair killed',
  ]);
  for (const leftover of [...leftovers, ...leftovers]) await imageBuilder.remove(leftover);
  expect(await imageBuilder.leftovers('cpu')).toEqual([]);
  expect(await imageBuilder.leftovers('gpu')).toHaveLength(3);
});

test('security groups and subnets tell their VPC; those that are not there, nothing', async () => {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  expect(await imageBuilder.vpcOfSecurityGroup(SecurityGroups[0]?.GroupId ?? '')).toBe(
    SecurityGroups[0]?.VpcId,
  );
  expect(await imageBuilder.vpcOfSubnet(Subnets[0]?.SubnetId ?? '')).toBe(Subnets[0]?.VpcId);
  expect(await imageBuilder.vpcOfSecurityGroup('sg-0123456789abcdef0')).toBeUndefined();
  expect(await imageBuilder.vpcOfSubnet('subnet-0123456789abcdef0')).toBeUndefined();
});

test('an image is shared with whom the configuration names, and who may launch it can be read back', async () => {
  const { ImageId } = await ec2.send(new RegisterImageCommand({ Name: 'shared', Architecture: 'x86_64' }));
  const id = ImageId as ImageId;
  expect(await imageBuilder.sharedWith(id)).toEqual({ accounts: [], organizations: [] });
  await imageBuilder.share(id, { accounts: ['222222222222', '333333333333'], organizations: [] });
  expect((await imageBuilder.sharedWith(id)).accounts.toSorted()).toEqual(['222222222222', '333333333333']);
  const everybody = { ImageId: id, LaunchPermission: { Add: [{ Group: 'all' as const }] } };
  await ec2.send(new ModifyImageAttributeCommand(everybody));
  expect((await imageBuilder.sharedWith(id)).accounts).toContain('all');
});
