import type { AwsCall } from '../../parts/moto/front.ts';
import type { Authorization } from './simulate.ts';

/** Where the recorded account is, and what its own resources carry. */
export interface Recorded {
  readonly account: string;
  /** Tags of images, snapshots and instances that the calls are about, by key. */
  readonly tags: Readonly<Record<string, string>>;
}

/** STS answers this one whatever policies say (STS API reference, GetCallerIdentity). */
const NEEDS_NOTHING = new Set(['sts:GetCallerIdentity']);

/** What IAM decides about a recorded request, one authorization for each of its resources. */
export function authorizationsOf(call: AwsCall, recorded: Recorded): readonly Authorization[] {
  const { action, body } = call;
  if (NEEDS_NOTHING.has(action)) return [];
  const form = new URLSearchParams(body);
  const region = { 'aws:RequestedRegion': 'us-east-1' };
  const own = tagContext('aws:ResourceTag', Object.entries(recorded.tags));
  const made = madeTags(form);
  if (action === 'ec2:RunInstances') return launches(form, recorded.account, { ...region, ...made });
  if (action === 'ec2:CreateImage') {
    return [
      { action, resource: resourceOf(call, recorded.account), context: { ...region, ...own } },
      ...['image', 'snapshot'].map((kind) => ({
        action,
        resource: `arn:aws:ec2:us-east-1::${kind}/*`,
        context: { ...region, ...made },
      })),
    ];
  }
  const written = action === 'ec2:CreateTags' || action === 'ec2:DeleteTags' ? plainTags(form) : {};
  const context = { ...region, ...own, ...written };
  if (action === 'ssm:GetParameters') {
    const { Names } = JSON.parse(body) as { readonly Names: readonly string[] };
    return Names.map((name) => ({
      action,
      resource: `arn:aws:ssm:us-east-1:${recorded.account}:parameter/${name.replace(/^\//, '')}`,
      context,
    }));
  }
  return [{ action, resource: resourceOf(call, recorded.account), context }];
}

function launches(
  form: URLSearchParams,
  account: string,
  context: NonNullable<Authorization['context']>,
): readonly Authorization[] {
  const at = (rest: string) => `arn:aws:ec2:us-east-1:${account}:${rest}`;
  const key = form.get('KeyName');
  return [
    `arn:aws:ec2:us-east-1::image/${form.get('ImageId')}`,
    ...['instance/*', 'volume/*', 'network-interface/*', 'security-group/sg-1', 'subnet/subnet-1'].map(at),
    ...(key === null ? [] : [at(`key-pair/${key}`)]),
  ].map((resource) => ({ action: 'ec2:RunInstances', resource, context }));
}

/** `TagSpecification.1.Tag.2.Key=…`. */
function madeTags(form: URLSearchParams): NonNullable<Authorization['context']> {
  return tagContext('aws:RequestTag', pairs(form, /^TagSpecification\.\d+\.Tag\.\d+\./));
}

/** `Tag.2.Key=…`. */
function plainTags(form: URLSearchParams): NonNullable<Authorization['context']> {
  const all = pairs(form, /^Tag\.\d+\./);
  return { ...tagContext('aws:RequestTag', all), 'aws:TagKeys': all.map(([key]) => key) };
}

function pairs(form: URLSearchParams, prefix: RegExp): readonly (readonly [string, string])[] {
  return [...form.keys()]
    .filter((name) => prefix.test(name) && name.endsWith('.Key'))
    .map((name) => [form.get(name) ?? '', form.get(name.replace(/Key$/, 'Value')) ?? '']);
}

function tagContext(kind: string, tags: readonly (readonly [string, string])[]) {
  return Object.fromEntries(tags.map(([key, value]) => [`${kind}/${key}`, value]));
}

/** The resource that a request is about, as far as policies can name it. */
function resourceOf({ action, body }: AwsCall, account: string): string {
  const form = new URLSearchParams(body);
  const json = body.startsWith('{') ? (JSON.parse(body) as { Name?: string }) : {};
  const at = (service: string, rest: string) => `arn:aws:${service}:us-east-1:${account}:${rest}`;
  if (action === 'ssm:DescribeParameters') return '*';
  if (action.startsWith('ssm:')) return at('ssm', `parameter${json.Name}`);
  if (action.startsWith('cloudformation:'))
    return at('cloudformation', `stack/${form.get('StackName')}/0a1b`);
  if (action === 'autoscaling:UpdateAutoScalingGroup') {
    return at(
      'autoscaling',
      `autoScalingGroup:0a1b:autoScalingGroupName/${form.get('AutoScalingGroupName')}`,
    );
  }
  if (action === 'autoscaling:TerminateInstanceInAutoScalingGroup') {
    // IAM decides by the instance's group, which the request does not name.
    return at('autoscaling', 'autoScalingGroup:0a1b:autoScalingGroupName/main-AgentAutoScaleGroup-1');
  }
  if (action.includes(':Describe') && action !== 'ec2:DescribeImageAttribute') return '*';
  if (action === 'ec2:CreateLaunchTemplateVersion') {
    return at('ec2', `launch-template/${form.get('LaunchTemplateId')}`);
  }
  const key = form.get('KeyName');
  if (key !== null) return at('ec2', `key-pair/${key}`);
  const volume = form.get('VolumeId');
  if (volume !== null) return at('ec2', `volume/${volume}`);
  const instance = form.get('InstanceId') ?? form.get('InstanceId.1');
  if (instance !== null) return at('ec2', `instance/${instance}`);
  const image = form.get('ImageId') ?? form.get('ResourceId.1');
  if (image?.startsWith('ami-') === true) return `arn:aws:ec2:us-east-1::image/${image}`;
  const snapshot = form.get('SnapshotId') ?? form.get('ResourceId.1');
  if (snapshot !== null) return `arn:aws:ec2:us-east-1::snapshot/${snapshot}`;
  return '*';
}
