import { AttachInstancesCommand, AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackResourceCommand,
} from '@aws-sdk/client-cloudformation';
import {
  CreateImageCommand,
  CreateTagsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { FamilySettings } from '../../src/config/families.ts';
import type { ImageId, InstanceId, TemplateId } from '../../src/ami/model/ids.ts';
import type { Tags } from '../../src/ami/model/tags.ts';
import { clientOf } from './client.ts';

/** Puts things into the account behind `url`, as somebody else would. */
export function furnisher(url: string) {
  const settings = clientOf(url);
  const ec2 = new EC2Client(settings);
  const cloudFormation = new CloudFormationClient(settings);
  const ssm = new SSMClient(settings);
  const autoScaling = new AutoScalingClient(settings);

  async function addInstance(image: string): Promise<InstanceId> {
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({ ImageId: image, MinCount: 1, MaxCount: 1 }),
    );
    return Instances[0]!.InstanceId as InstanceId;
  }

  async function tag(resources: readonly string[], tags: Tags): Promise<void> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await ec2.send(new CreateTagsCommand({ Resources: [...resources], Tags }));
  }

  return {
    addInstance,
    /** Makes an instance one of a group's. */
    async attach(instance: InstanceId, group: string): Promise<void> {
      await autoScaling.send(
        new AttachInstancesCommand({ AutoScalingGroupName: group, InstanceIds: [instance] }),
      );
    },
    /** An image of now, made from an instance. */
    async addImage(name: string, tags: Tags = {}): Promise<ImageId> {
      const InstanceId = await addInstance('ami-00000000000000000');
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const { ImageId } = await ec2.send(
        new CreateImageCommand({
          InstanceId,
          Name: name,
          ...(Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'image', Tags }] }),
        }),
      );
      return ImageId as ImageId;
    },
    tag,
    /** The mark of a cleanup, made a day ago. */
    async condemn(images: readonly ImageId[]): Promise<void> {
      await tag(images, { 'warmbake:condemned': new Date(Date.now() - 86_400_000).toISOString() });
    },
    /** Security group and subnet of the default VPC, under these names. */
    async addNetwork({ securityGroup, subnet }: FamilySettings['network']): Promise<void> {
      const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
      const group = SecurityGroups.find(({ GroupName }) => GroupName === 'default');
      const inside = Subnets.find(({ VpcId }) => VpcId === group?.VpcId);
      const put = async (Name: string, Value: string | undefined): Promise<void> => {
        await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String' }));
      };
      await put(securityGroup, group?.GroupId);
      await put(subnet, inside?.SubnetId);
    },
    /** A stack of the Elastic CI kind. */
    async addStack(StackName: string, image: string): Promise<{ template: TemplateId; group: string }> {
      await cloudFormation.send(
        new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(stackTemplate(StackName, image)) }),
      );
      const physical = async (LogicalResourceId: string) =>
        (await cloudFormation.send(new DescribeStackResourceCommand({ StackName, LogicalResourceId })))
          .StackResourceDetail!.PhysicalResourceId!;
      return {
        template: (await physical('AgentLaunchTemplate')) as TemplateId,
        group: await physical('AgentAutoScaleGroup'),
      };
    },
  };
}

function stackTemplate(queue: string, image: string) {
  return {
    Parameters: { BuildkiteQueue: { Type: 'String', Default: queue } },
    Resources: {
      AgentLaunchTemplate: {
        Type: 'AWS::EC2::LaunchTemplate',
        Properties: {
          LaunchTemplateName: `${queue}-template`,
          LaunchTemplateData: { ImageId: image, InstanceType: 'r6in.large', KeyName: 'builders' },
        },
      },
      AgentAutoScaleGroup: {
        Type: 'AWS::AutoScaling::AutoScalingGroup',
        Properties: {
          AvailabilityZones: ['us-east-1a'],
          MinSize: '0',
          MaxSize: '2',
          DesiredCapacity: '0',
          MixedInstancesPolicy: {
            InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 100 },
            LaunchTemplate: {
              LaunchTemplateSpecification: {
                LaunchTemplateId: { Ref: 'AgentLaunchTemplate' },
                Version: { 'Fn::GetAtt': ['AgentLaunchTemplate', 'LatestVersionNumber'] },
              },
              Overrides: [{ InstanceType: 'r6in.large' }, { InstanceType: 'r6i.large' }],
            },
          },
        },
      },
    },
  };
}
