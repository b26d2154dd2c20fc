import {
  CreateKeyPairCommand,
  CreateVolumeCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEc2 } from '../../../src/ami/aws/ec2.ts';
import { openWorkshop } from '../../../src/ami/aws/workshop.ts';
import { keyPairName, type Workshop } from '../../../src/ami/workshop.ts';
import { openAws } from '../../../src/platform/aws.ts';
import { startMoto, type Moto } from '../../parts/moto.ts';
import type { Running } from '../../parts/part.ts';
import { needsMoto } from '../../tiers/moto.ts';
import { clientOf } from './client.ts';
import { useFront } from './fleet.ts';
import { startFront, type Front } from './front.ts';

const isThere = await needsMoto();
let moto: Moto & Running;
let front: Front & Running;
let ec2: EC2Client;
let workshop: Workshop;

beforeAll(async () => {
  if (!isThere) return;
  moto = await startMoto();
  front = await startFront(moto);
  useFront(front);
  ec2 = new EC2Client(clientOf(moto.url));
  workshop = openWorkshop(openEc2(openAws({ fetch, signal: new AbortController().signal }, 'us-east-1')));
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
  const traces = await workshop.traces('cpu');
  expect(traces.map(({ kind, run }) => `${kind} ${run}`)).toEqual([
    'instance killed',
    'volume killed',
    'key-pair killed',
  ]);
  for (const trace of [...traces, ...traces]) await workshop.remove(trace);
  expect(await workshop.traces('cpu')).toEqual([]);
  expect(await workshop.traces('gpu')).toHaveLength(3);
});

test('security groups and subnets tell their VPC; those that are not there, nothing', async () => {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  expect(await workshop.vpcOfSecurityGroup(SecurityGroups[0]?.GroupId ?? '')).toBe(SecurityGroups[0]?.VpcId);
  expect(await workshop.vpcOfSubnet(Subnets[0]?.SubnetId ?? '')).toBe(Subnets[0]?.VpcId);
  expect(await workshop.vpcOfSecurityGroup('sg-0123456789abcdef0')).toBeUndefined();
  expect(await workshop.vpcOfSubnet('subnet-0123456789abcdef0')).toBeUndefined();
});
