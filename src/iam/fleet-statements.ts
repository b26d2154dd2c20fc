import { LISTED_FROM } from '../ami/model/listed-stacks.ts';
import { holdParameter } from '../ami/model/hold.ts';
import { revocationsParameter } from '../ami/model/revocations.ts';
import { type IamStatement, allow, partitionOf } from '../platform/iam-policy.ts';
import { type FamilyScope, arnIn, imageArns, taggedAs, templateArns } from './family-scope.ts';

/** What is read of the account; it cannot be limited to resources (service authorization reference: `Describe*`). */
const READS = [
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeLaunchConfigurations',
  'ec2:DescribeFleets',
  'ec2:DescribeImages',
  'ec2:DescribeInstances',
  'ec2:DescribeLaunchTemplateVersions',
  'ec2:DescribeSpotFleetRequests',
  'ec2:DescribeSpotInstanceRequests',
];

/** Of a family whose stacks are read with the list of all (CloudFormation API reference, DescribeStacks: without a name it needs both). */
const LISTING = ['cloudformation:DescribeStacks', 'cloudformation:ListStacks'];

/** Reading the fleet, its images and what is in use, and `more`. */
export function readingFleet(scope: FamilyScope, more: readonly string[] = []): readonly IamStatement[] {
  const { family } = scope;
  const listed = family.stacks.length < LISTED_FROM ? [] : LISTING;
  const when = { StringEquals: { 'aws:RequestedRegion': family.region } };
  return [
    allow('Read', [...READS, ...listed, ...more].toSorted(), { on: ['*'], when }),
    allow('FindStacks', ['cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks'], {
      on: family.stacks.map((stack) => arnIn(scope, 'cloudformation', `stack/${stack}/*`)),
    }),
  ];
}

/**
 * Reading the family's parameters and `more`, `many` at a time as a cleanup does. Templates of others may name their image by a
 * parameter: AWS's own are readable here, and where another one is not, a cleanup says so and deletes nothing.
 */
export function readingParameters(
  scope: FamilyScope,
  { more = [], many = false }: { readonly more?: readonly string[]; readonly many?: boolean } = {},
): IamStatement {
  const { family } = scope;
  const services = `arn:${partitionOf(family.region)}:ssm:${family.region}::parameter/aws/service/*`;
  const own = [family.parameter, holdParameter(family), revocationsParameter(family), ...more];
  const batches = many ? ['ssm:GetParameters'] : [];
  return allow('ReadParameters', ['ssm:GetParameter', 'ssm:GetParameterHistory', ...batches], {
    on: [...parameterArns(scope, own), services],
  });
}

/** Writing these parameters. */
export function writingParameters(scope: FamilyScope, names: readonly string[]): IamStatement {
  return allow('WriteParameters', ['ssm:PutParameter'], { on: parameterArns(scope, names) });
}

function parameterArns(scope: FamilyScope, names: readonly string[]): readonly string[] {
  return names.map((name) => arnIn(scope, 'ssm', `parameter${name}`));
}

/** Preparing the snapshots of the family's images, where the configuration wants that: the next image's on, those of others off. */
export function restoringFast(scope: FamilyScope): readonly IamStatement[] {
  const { family } = scope;
  if (family.disk.kind !== 'restore') return [];
  const [, ...snapshots] = imageArns(scope);
  const switching = ['ec2:DisableFastSnapshotRestores', 'ec2:EnableFastSnapshotRestores'];
  return [
    allow('ReadFastRestore', ['ec2:DescribeFastSnapshotRestores'], {
      on: ['*'],
      when: { StringEquals: { 'aws:RequestedRegion': family.region } },
    }),
    allow('FastRestore', switching, { on: snapshots, when: { StringEquals: taggedAs(family) } }),
  ];
}

/**
 * Making the stacks launch another image. Whoever gives a group a template must be allowed to launch from it: instances, their tags
 * and their role are checked at the update (EC2 Auto Scaling user guide, "Control Amazon EC2 launch template usage").
 */
export function rollingStacks(scope: FamilyScope): readonly IamStatement[] {
  const { family, account } = scope;
  const templates = templateArns(scope);
  // As the Elastic CI stack names the role of its agents, with a name of its own and without.
  const roles = family.stacks.flatMap((stack) =>
    [`${stack}-Role`, `${stack}-IAMRole-*`].map(
      (role) => `arn:${partitionOf(family.region)}:iam::${account}:role/${role}`,
    ),
  );
  return [
    allow('MakeVersions', ['ec2:CreateLaunchTemplateVersion'], { on: templates }),
    allow('UpdateGroups', ['autoscaling:UpdateAutoScalingGroup'], { on: groupArns(scope) }),
    allow('LaunchAsGroups', ['ec2:RunInstances'], {
      on: ['*'],
      when: { ArnLike: { 'ec2:LaunchTemplate': templates } },
    }),
    allow('TagLaunches', ['ec2:CreateTags'], {
      on: ['instance', 'network-interface', 'volume'].map((kind) => arnIn(scope, 'ec2', `${kind}/*`)),
      when: { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    }),
    allow('PassRoles', ['iam:PassRole'], {
      on: roles,
      when: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    }),
  ];
}

/** Ending instances of the stacks' groups, which launch others in their place. */
export function drainingGroups(scope: FamilyScope): IamStatement {
  return allow('DrainGroups', ['autoscaling:TerminateInstanceInAutoScalingGroup'], { on: groupArns(scope) });
}

function groupArns(scope: FamilyScope): readonly string[] {
  return scope.family.stacks.map((stack) =>
    arnIn(scope, 'autoscaling', `autoScalingGroup:*:autoScalingGroupName/${stack}-AgentAutoScaleGroup-*`),
  );
}
