import type {
  AutoScalingGroup,
  LaunchTemplateOverrides,
  LaunchTemplateSpecification,
  MixedInstancesPolicy,
} from '@aws-sdk/client-auto-scaling';
import type { Aws } from '../../platform/aws.ts';
import { withoutLog } from '../../platform/aws-client.ts';
import { lazily } from '../../platform/lazily.ts';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { askedTogether, together } from '../../platform/together.ts';
import type { Group, Groups, StackMember } from '../model/account.ts';
import type { InstanceId, TemplateId } from '../model/ids.ts';
import { toJson } from '../model/json.ts';
import type { GroupLaunch, Launch, LaunchOverride, TemplateUse } from '../model/launch.ts';
import type { VersionName } from '../model/template-version.ts';
import { present } from './present.ts';
import { listOf } from './whole-list.ts';

/** States of an instance refresh that brings nothing any more. */
const OVER = new Set(['Successful', 'Failed', 'Cancelled', 'RollbackFailed', 'RollbackSuccessful']);

/** Names that one DescribeAutoScalingGroups takes. */
const MOST_NAMES = 50;

/** {@link Groups} on EC2 Auto Scaling. */
export function openGroups(aws: Aws): Groups {
  const load = lazily(async () => {
    const sdk = await import('./auto-scaling-sdk.ts');
    return { sdk, client: withoutLog(new sdk.AutoScalingClient(aws.limited('Auto Scaling'))) };
  });
  const describe = async (
    subject: string,
    names: readonly string[] | undefined,
  ): Promise<readonly Group[]> => {
    const { sdk, client } = await load();
    const name = { action: 'autoscaling:DescribeAutoScalingGroups', subject };
    const input = names === undefined ? {} : { AutoScalingGroupNames: [...names] };
    const groups = await listOf(aws, { name, field: 'AutoScalingGroups' }, (options) =>
      sdk.paginateDescribeAutoScalingGroups({ client, pageSize: 100 }, input, options),
    );
    return groups.map((group) => readGroup(group, name));
  };
  return {
    list: askedTogether(async () => await describe('all groups', undefined)),
    find: together(async (names) => {
      const found = new Map<string, Group>();
      for (let at = 0; at < names.length; at += MOST_NAMES) {
        const some = names.slice(at, at + MOST_NAMES);
        for (const group of await describe(some.join(', '), some)) found.set(group.name, group);
      }
      return (name) => found.get(name);
    }),
    async relaunch(group, launch) {
      const { sdk, client } = await load();
      await aws.call(
        { action: 'autoscaling:UpdateAutoScalingGroup', subject: group },
        async (options) =>
          await client.send(
            new sdk.UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, ...written(launch) }),
            options,
          ),
      );
    },
    async drain(instance) {
      const { sdk, client } = await load();
      const input = { InstanceId: instance, ShouldDecrementDesiredCapacity: false };
      const answer = await aws.ask(
        {
          action: 'autoscaling:TerminateInstanceInAutoScalingGroup',
          subject: instance,
          // "Instance Id not found": there is no better code for it.
          expect: ['ValidationError'],
        },
        async (options) =>
          await client.send(new sdk.TerminateInstanceInAutoScalingGroupCommand(input), options),
      );
      return answer.ok ? 'draining' : 'gone';
    },
    async activities(group, since) {
      const { sdk, client } = await load();
      const name = { action: 'autoscaling:DescribeScalingActivities', subject: group };
      return await aws.call(name, async (options) => {
        const recent = [];
        const pages = sdk.paginateDescribeScalingActivities(
          { client, pageSize: 100 },
          { AutoScalingGroupName: group },
          options,
        );
        // Newest first, for six weeks back: the pages end where the question does.
        for await (const page of pages) {
          const all = present(page.Activities, name, 'Activities');
          const activities = all.filter(({ StartTime }) => (StartTime ?? since) >= since);
          recent.push(...activities);
          if (activities.length < all.length) break;
        }
        return recent.map((activity) => ({
          startedAt: present(activity.StartTime, name, 'StartTime'),
          status: activity.StatusCode ?? '',
          description: activity.Description ?? '',
          cause: activity.Cause ?? '',
          message: activity.StatusMessage ?? '',
        }));
      });
    },
    async configurations() {
      const { sdk, client } = await load();
      const name = {
        action: 'autoscaling:DescribeLaunchConfigurations',
        subject: 'all launch configurations',
      };
      const configurations = await listOf(aws, { name, field: 'LaunchConfigurations' }, (options) =>
        sdk.paginateDescribeLaunchConfigurations({ client, pageSize: 100 }, {}, options),
      );
      return configurations.map((one) => ({
        name: present(one.LaunchConfigurationName, name, 'LaunchConfigurationName'),
        image: present(one.ImageId, name, 'ImageId'),
      }));
    },
    async refreshes(group) {
      const { sdk, client } = await load();
      const name = { action: 'autoscaling:DescribeInstanceRefreshes', subject: group };
      const refreshes = await listOf(aws, { name, field: 'InstanceRefreshes' }, (options) =>
        sdk.paginateDescribeInstanceRefreshes({ client }, { AutoScalingGroupName: group }, options),
      );
      return refreshes
        .filter(({ Status }) => !OVER.has(Status ?? ''))
        .flatMap(({ DesiredConfiguration: wanted }) => (wanted === undefined ? [] : [readLaunch(wanted)]));
    },
  };
}

function readGroup(group: AutoScalingGroup, name: AwsRequestName): Group {
  const inService = (group.Instances ?? [])
    .filter(({ LifecycleState }) => LifecycleState === 'InService')
    .map(({ InstanceId }) => present(InstanceId, name, 'InstanceId') as InstanceId);
  return {
    name: present(group.AutoScalingGroupName, name, 'AutoScalingGroupName'),
    launch: readLaunch(group),
    ...(inService.length === 0 ? {} : { inService }),
    ...(group.AvailabilityZones === undefined ? {} : { zones: group.AvailabilityZones }),
    ...readMember(group),
  };
}

function readMember({ Tags: tags = [] }: AutoScalingGroup): { readonly stack?: StackMember } {
  const tagged = (key: string) => tags.find(({ Key }) => Key === key)?.Value;
  const name = tagged('aws:cloudformation:stack-name');
  const logicalId = tagged('aws:cloudformation:logical-id');
  return name === undefined || logicalId === undefined ? {} : { stack: { name, logicalId } };
}

function readLaunch({
  MixedInstancesPolicy: policy,
  LaunchTemplate: template,
  LaunchConfigurationName: configuration,
}: Pick<
  AutoScalingGroup,
  'MixedInstancesPolicy' | 'LaunchTemplate' | 'LaunchConfigurationName'
>): GroupLaunch {
  const mixed = readUse(policy?.LaunchTemplate?.LaunchTemplateSpecification);
  if (policy !== undefined && mixed !== undefined) {
    const plain = withoutNames(policy);
    return { kind: 'mixed', use: mixed, overrides: readOverrides(policy), policy: toJson(plain) };
  }
  const use = readUse(template);
  if (use !== undefined) return { kind: 'template', use };
  return configuration === undefined ? { kind: 'unknown' } : { kind: 'configuration', name: configuration };
}

function readUse(specification: LaunchTemplateSpecification | undefined): TemplateUse | undefined {
  if (specification?.LaunchTemplateId === undefined) return undefined;
  return {
    template: specification.LaunchTemplateId as TemplateId,
    version: (specification.Version ?? '$Default') as VersionName,
  };
}

function readOverrides(policy: MixedInstancesPolicy): readonly LaunchOverride[] {
  return (policy.LaunchTemplate?.Overrides ?? []).flatMap((override): LaunchOverride[] => {
    const use = readUse(override.LaunchTemplateSpecification);
    const image = override.ImageId;
    if (override.LaunchTemplateSpecification === undefined && image === undefined) return [];
    return [{ ...(use === undefined ? {} : { use }), ...(image === undefined ? {} : { image }) }];
  });
}

/** Auto Scaling describes a template by id and name, and takes it by one of the two. */
function withoutNames(policy: MixedInstancesPolicy): MixedInstancesPolicy {
  const template = policy.LaunchTemplate;
  if (template === undefined) return policy;
  return {
    ...policy,
    LaunchTemplate: {
      ...template,
      LaunchTemplateSpecification: withoutName(template.LaunchTemplateSpecification),
      Overrides: template.Overrides?.map(overrideWithoutName),
    },
  };
}

function overrideWithoutName(override: LaunchTemplateOverrides): LaunchTemplateOverrides {
  return { ...override, LaunchTemplateSpecification: withoutName(override.LaunchTemplateSpecification) };
}

function withoutName(
  specification: LaunchTemplateSpecification | undefined,
): LaunchTemplateSpecification | undefined {
  if (specification?.LaunchTemplateId === undefined) return specification;
  const { LaunchTemplateName: _, ...rest } = specification;
  return rest;
}

function written(launch: Launch) {
  if (launch.kind === 'mixed') return { MixedInstancesPolicy: launch.policy as MixedInstancesPolicy };
  return {
    LaunchTemplate: { LaunchTemplateId: launch.use.template, Version: launch.use.version },
  };
}
