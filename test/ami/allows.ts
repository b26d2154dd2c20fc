import type { IamPolicy } from '../../src/ami/iam-policy.ts';
import type { AwsCall } from '../../parts/moto/front.ts';

/** Whether a statement of the policy names action and resource; conditions are taken as met. */
export function allows({ Statement }: IamPolicy, action: string, resource: string): boolean {
  return Statement.some(
    ({ Action, Resource }) =>
      Action.includes(action) && Resource.some((pattern) => isLike(pattern, resource)),
  );
}

/** The resource that a request is about, as far as policies can name it. */
export function resourceOf({ action, body }: AwsCall, account: string): string {
  const form = new URLSearchParams(body);
  const json = body.startsWith('{') ? (JSON.parse(body) as { Name?: string }) : {};
  const at = (service: string, rest: string) => `arn:aws:${service}:us-east-1:${account}:${rest}`;
  if (action.startsWith('ssm:')) return at('ssm', `parameter${json.Name}`);
  if (action.startsWith('cloudformation:'))
    return at('cloudformation', `stack/${form.get('StackName')}/0a1b`);
  if (action === 'autoscaling:UpdateAutoScalingGroup') {
    return at(
      'autoscaling',
      `autoScalingGroup:0a1b:autoScalingGroupName/${form.get('AutoScalingGroupName')}`,
    );
  }
  if (action === 'ec2:CreateLaunchTemplateVersion') {
    return at('ec2', `launch-template/${form.get('LaunchTemplateId')}`);
  }
  const instance = form.get('InstanceId') ?? form.get('InstanceId.1');
  if (instance !== null) return at('ec2', `instance/${instance}`);
  const image = form.get('ImageId') ?? form.get('ResourceId.1');
  if (image?.startsWith('ami-') === true) return `arn:aws:ec2:us-east-1::image/${image}`;
  const snapshot = form.get('SnapshotId') ?? form.get('ResourceId.1');
  if (snapshot !== null) return `arn:aws:ec2:us-east-1::snapshot/${snapshot}`;
  return '*';
}

function isLike(pattern: string, text: string): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(text);
}
