import { expect, test } from 'vitest';
import { iamPolicyOf, statePolicy, type PolicyRole } from '../../src/ami/iam-policy.ts';
import { allows } from './allows.ts';
import { FAMILY } from './family.ts';

const ACCOUNT = '111122223333';
const JOB = iamPolicyOf('job', FAMILY, ACCOUNT);
const OPERATOR = iamPolicyOf('operator', FAMILY, ACCOUNT);

const parameter = (name: string) => `arn:aws:ssm:us-east-1:${ACCOUNT}:parameter${name}`;
const group = (name: string) =>
  `arn:aws:autoscaling:us-east-1:${ACCOUNT}:autoScalingGroup:0a1b:autoScalingGroupName/${name}`;
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

test.each([
  ['publish', JOB, 'ssm:PutParameter', parameter('/ci/app-image'), true],
  ['place or end a hold', JOB, 'ssm:PutParameter', parameter('/ci/app-image/hold'), false],
  ['place or end a hold', OPERATOR, 'ssm:PutParameter', parameter('/ci/app-image/hold'), true],
  ['write other parameters', OPERATOR, 'ssm:PutParameter', parameter('/ci/other'), false],
  [
    'update the groups of its stacks',
    JOB,
    'autoscaling:UpdateAutoScalingGroup',
    group('main-AgentAutoScaleGroup-X'),
    true,
  ],
  [
    'update other groups',
    JOB,
    'autoscaling:UpdateAutoScalingGroup',
    group('shop-AgentAutoScaleGroup-X'),
    false,
  ],
  ['hand its stacks their role', OPERATOR, 'iam:PassRole', role('main-Role'), true],
  ['hand out other roles', OPERATOR, 'iam:PassRole', role('admin'), false],
  ['delete images', OPERATOR, 'ec2:DeregisterImage', 'arn:aws:ec2:us-east-1::image/ami-1', false],
  ['stop instances of the fleet', OPERATOR, 'ec2:TerminateInstances', '*', false],
])('%s: %#', (_, policy, action, resource, expected) => {
  expect(allows(policy, action, resource)).toBe(expected);
});

test('what deletes is limited to resources that carry the tag of the family', () => {
  const deleting = JOB.Statement.filter(({ Action }) =>
    Action.some((action) => /Delete|Deregister|Terminate|Stop/.test(action)),
  );
  const unlimited = deleting.filter(
    ({ Condition }) => Condition?.['StringEquals']?.['aws:ResourceTag/warmbake:family'] !== 'cpu',
  );
  // Key pairs are limited by name.
  expect(unlimited.map(({ Sid }) => Sid)).toEqual(['Keys']);
});

test.each<PolicyRole>(['job', 'operator'])(
  'L10: the %s may refresh no group and update no stack (incident 33212c1)',
  (who) => {
    const actions = iamPolicyOf(who, FAMILY, ACCOUNT).Statement.flatMap(({ Action }) => Action);
    expect(
      actions.filter((action) => /Refresh|UpdateStack|TerminateInstanceInAutoScalingGroup|\*/.test(action)),
    ).toEqual([]);
  },
);

test.each([
  ['s3://bucket/ci', 'arn:aws:s3:::bucket/ci/*'],
  ['s3://bucket', 'arn:aws:s3:::bucket/*'],
])('the state store %s can be read and written, in its prefix only', (state, resource) => {
  const [objects, list] = statePolicy(state, 'us-east-1');
  expect([objects?.Action, objects?.Resource]).toEqual([['s3:GetObject', 's3:PutObject'], [resource]]);
  expect([list?.Action, list?.Resource]).toEqual([['s3:ListBucket'], ['arn:aws:s3:::bucket']]);
  expect(statePolicy('/var/lib/state', 'us-east-1')).toEqual([]);
});

test('regions of other partitions have names of their own', () => {
  const china = iamPolicyOf('job', { ...FAMILY, region: 'cn-north-1' }, '*');
  expect(JSON.stringify(china)).not.toContain('arn:aws:');
});

test('a stack that is added to the configuration is in every part of the policy (incidents 8e0e730, bba11a0: copies of a list)', () => {
  const more = iamPolicyOf('job', { ...FAMILY, stacks: [...FAMILY.stacks, 'nightly'] }, ACCOUNT);
  const parts = more.Statement.filter(({ Resource }) =>
    Resource.some((resource) => resource.includes('nightly')),
  );
  expect(parts.map(({ Sid }) => Sid)).toEqual(['FindStacks', 'UpdateGroups', 'PassRoles']);
});
