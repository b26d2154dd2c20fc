import type { FamilySettings } from '../config/families.ts';
import { holdParameter } from './model/hold.ts';
import { TAG } from './model/tags.ts';

/** An IAM policy document (IAM user guide, "JSON policy element reference"). */
export interface IamPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly IamStatement[];
}

export interface IamStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Who needs it: the scheduled job, or a person who goes back to an earlier image. */
export type PolicyRole = 'job' | 'operator';

/**
 * The rights that the commands need, for one account (12 digits, or `*`) and one family. What can be changed is limited to the family's own parameter,
 * stacks and tagged images. Launch templates of stacks carry no tag that could limit them, and reads cannot be limited at all.
 */
export function iamPolicyOf(role: PolicyRole, family: FamilySettings, account: string): IamPolicy {
  const scope: Scope = { family, account, partition: partitionOf(family.region) };
  const shared = [
    reading(scope),
    stacks(scope),
    ...parameters(scope, role),
    templates(scope),
    ...groups(scope),
    tags(scope),
  ];
  const own = role === 'job' ? [deleting(scope), ...building(scope)] : [untagging(scope)];
  return { Version: '2012-10-17', Statement: [...shared, ...own] };
}

/** The rights on a state store in S3, `s3://bucket[/prefix]`; none for a directory. Without ListBucket, S3 calls what is absent forbidden. */
export function statePolicy(state: string | undefined, region: string): readonly IamStatement[] {
  const s3 = /^s3:\/\/([^/]+)(?:\/(.*?))?\/*$/.exec(state ?? '');
  if (s3 === null) return [];
  const [, bucket = '', prefix = ''] = s3;
  const of = `arn:${partitionOf(region)}:s3:::${bucket}`;
  return [
    allow('State', ['s3:GetObject', 's3:PutObject'], [`${of}/${prefix === '' ? '' : `${prefix}/`}*`]),
    allow('ListState', ['s3:ListBucket'], [of]),
  ];
}

interface Scope {
  readonly family: FamilySettings;
  readonly account: string;
  readonly partition: string;
}

/** What cannot be limited to resources (service authorization reference: `Describe*`). */
function reading({ family }: Scope): IamStatement {
  const actions = [
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeLaunchConfigurations',
    'autoscaling:DescribeScalingActivities',
    'ec2:DescribeImages',
    'ec2:DescribeInstances',
    'ec2:DescribeLaunchTemplateVersions',
    'ec2:DescribeSnapshots',
    'sts:GetCallerIdentity',
  ];
  return { ...allow('Read', actions, ['*']), Condition: inRegion(family) };
}

function stacks(scope: Scope): IamStatement {
  return allow(
    'FindStacks',
    ['cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks'],
    scope.family.stacks.map((stack) => arn(scope, 'cloudformation', `stack/${stack}/*`)),
  );
}

/**
 * The job cannot touch the hold. Templates of others may name their image by a parameter: AWS's own are readable here, and
 * where another one is not, a cleanup says so and deletes nothing.
 */
function parameters(scope: Scope, role: PolicyRole): readonly IamStatement[] {
  const { parameter, network, region } = scope.family;
  const hold = holdParameter(scope.family);
  const named = (names: readonly string[]) => names.map((name) => arn(scope, 'ssm', `parameter${name}`));
  const read = role === 'job' ? [parameter, hold, network.securityGroup, network.subnet] : [parameter, hold];
  return [
    allow(
      'ReadParameters',
      ['ssm:GetParameter', 'ssm:GetParameterHistory'],
      [...named(read), `arn:${scope.partition}:ssm:${region}::parameter/aws/service/*`],
    ),
    allow('WriteParameters', ['ssm:PutParameter'], named(role === 'job' ? [parameter] : [parameter, hold])),
  ];
}

function templates(scope: Scope): IamStatement {
  return allow('MakeVersions', ['ec2:CreateLaunchTemplateVersion'], [arn(scope, 'ec2', 'launch-template/*')]);
}

/**
 * Whoever gives a group a template must be allowed to launch from it: instances, their tags and their role are
 * checked at the update (EC2 Auto Scaling user guide, "Control Amazon EC2 launch template usage").
 */
function groups(scope: Scope): readonly IamStatement[] {
  const { family } = scope;
  return [
    allow(
      'UpdateGroups',
      ['autoscaling:UpdateAutoScalingGroup'],
      family.stacks.map((stack) =>
        arn(scope, 'autoscaling', `autoScalingGroup:*:autoScalingGroupName/${stack}-AgentAutoScaleGroup-*`),
      ),
    ),
    { ...allow('LaunchAsGroups', ['ec2:RunInstances'], ['*']), Condition: inRegion(family) },
    {
      ...allow('TagLaunches', ['ec2:CreateTags'], [arn(scope, 'ec2', '*')]),
      Condition: { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    },
    {
      ...allow(
        'PassRoles',
        ['iam:PassRole'],
        family.stacks.map((stack) => `arn:${scope.partition}:iam::${scope.account}:role/${stack}-*`),
      ),
      Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    },
  ];
}

function tags(scope: Scope): IamStatement {
  return { ...allow('Tag', ['ec2:CreateTags'], ownImages(scope)), Condition: ownTagKeys };
}

function untagging(scope: Scope): IamStatement {
  return { ...allow('Untag', ['ec2:DeleteTags'], ownImages(scope)), Condition: ownTagKeys };
}

/** Images from before this tool are tagged before they go. */
function deleting(scope: Scope): IamStatement {
  return {
    ...allow('Delete', ['ec2:DeleteSnapshot', 'ec2:DeregisterImage'], ownImages(scope)),
    Condition: ofFamily(scope.family),
  };
}

/** What Packer's amazon-ebs builder and the sweep after killed runs do. */
function building(scope: Scope): readonly IamStatement[] {
  const { family } = scope;
  return [
    {
      ...allow(
        'ReadToBuild',
        [
          'ec2:DescribeInstanceStatus',
          'ec2:DescribeKeyPairs',
          'ec2:DescribeRegions',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeTags',
          'ec2:DescribeVolumes',
        ],
        ['*'],
      ),
      Condition: inRegion(family),
    },
    allow(
      'Keys',
      ['ec2:CreateKeyPair', 'ec2:DeleteKeyPair'],
      [arn(scope, 'ec2', `key-pair/warmbake-${family.key}-*`)],
    ),
    {
      ...allow(
        'Build',
        [
          'ec2:DeleteVolume',
          'ec2:DetachVolume',
          'ec2:ModifyInstanceAttribute',
          'ec2:StopInstances',
          'ec2:TerminateInstances',
        ],
        [arn(scope, 'ec2', 'instance/*'), arn(scope, 'ec2', 'volume/*')],
      ),
      Condition: ofFamily(family),
    },
    allow(
      'MakeImages',
      ['ec2:CreateImage', 'ec2:CreateSnapshot'],
      [arn(scope, 'ec2', 'instance/*'), arn(scope, 'ec2', 'volume/*'), ...ownImages(scope)],
    ),
    {
      ...allow('FinishImages', ['ec2:EnableImageDeprecation', 'ec2:ModifyImageAttribute'], ownImages(scope)),
      Condition: ofFamily(family),
    },
    {
      ...allow('TagWhatIsMade', ['ec2:CreateTags'], [arn(scope, 'ec2', '*'), ...ownImages(scope)]),
      Condition: { StringEquals: { [`aws:RequestTag/${TAG.family}`]: family.key } },
    },
  ];
}

const ownTagKeys = { 'ForAllValues:StringLike': { 'aws:TagKeys': 'warmbake:*' } };

function ofFamily({ key }: FamilySettings) {
  return { StringEquals: { [`aws:ResourceTag/${TAG.family}`]: key } };
}

function inRegion({ region }: FamilySettings) {
  return { StringEquals: { 'aws:RequestedRegion': region } };
}

/** Images and snapshots have no account in their names. */
function ownImages({ partition, family }: Scope): readonly string[] {
  return [
    `arn:${partition}:ec2:${family.region}::image/*`,
    `arn:${partition}:ec2:${family.region}::snapshot/*`,
  ];
}

function allow(Sid: string, Action: readonly string[], Resource: readonly string[]): IamStatement {
  return { Sid, Effect: 'Allow', Action, Resource };
}

function arn({ partition, family, account }: Scope, service: string, resource: string): string {
  return `arn:${partition}:${service}:${family.region}:${account}:${resource}`;
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
