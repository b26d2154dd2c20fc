import type { Group, Stack } from '../../../src/ami/model/account.ts';
import type { ImageId, SnapshotId, TemplateId } from '../../../src/ami/model/ids.ts';
import { withVersion, type Launch } from '../../../src/ami/model/launch.ts';
import type { MachineImage } from '../../../src/ami/model/machine-image.ts';
import type { Tags } from '../../../src/ami/model/tags.ts';
import type { TemplateVersion, VersionName } from '../../../src/ami/model/template-version.ts';
import type { FakeAccount } from '../fake/account.ts';
import type { Xml } from './xml.ts';

/** What a request asks for, by the names of its protocol. */
export interface Question {
  /** Without the service: `DescribeImages`. */
  readonly action: string;
  readonly form: URLSearchParams;
}

/** Something that AWS refuses, by its code. */
export class Refused extends Error {}

/** What AWS answers to requests of EC2, Auto Scaling and CloudFormation, out of the fake account: the inside of the answer. */
export async function answerOf(fake: FakeAccount, { action, form }: Question): Promise<Xml> {
  const { ports } = fake;
  const of = (name: string): string => form.get(name) ?? '';
  const result = (inner: Xml): Xml => ({ [`${action}Result`]: inner });
  switch (action) {
    case 'GetCallerIdentity': {
      const { account, arn } = await ports.identity.caller();
      return result({ Account: account, Arn: arn });
    }
    case 'DescribeImages': {
      const id = of('ImageId.1') as ImageId;
      if (id === ('' as ImageId)) {
        const prefix = of('Filter.1.Value.1').replace('*', '');
        return page('imagesSet', await ports.images.list(prefix), form, image);
      }
      const found = await ports.images.find(id);
      if (found === undefined) throw new Refused('InvalidAMIID.NotFound');
      return { imagesSet: [image(found)] };
    }
    case 'DescribeSnapshots': {
      const snapshots = await ports.snapshots.tagged('warmbake:family', of('Filter.1.Value.1'));
      return page('snapshotSet', snapshots, form, ({ id, startedAt, description, tags }) => ({
        snapshotId: id,
        startTime: startedAt.toISOString(),
        description,
        tagSet: tagSet(tags),
      }));
    }
    case 'DescribeInstances': {
      return page('reservationSet', await ports.instances.list(), form, (one) => ({
        instancesSet: [
          {
            instanceId: one.id,
            imageId: one.image,
            instanceState: { name: one.state },
            launchTime: one.launchedAt.toISOString(),
            tagSet: tagSet(one.group === undefined ? {} : { 'aws:autoscaling:groupName': one.group }),
          },
        ],
      }));
    }
    case 'DescribeLaunchTemplateVersions':
      return page('launchTemplateVersionSet', await versions(fake, form), form, version);
    case 'CreateLaunchTemplateVersion': {
      const made = await ports.templates.create({
        template: of('LaunchTemplateId') as TemplateId,
        source: Number(of('SourceVersion')),
        image: of('LaunchTemplateData.ImageId') as ImageId,
        description: of('VersionDescription'),
      });
      return { launchTemplateVersion: version(made) };
    }
    case 'CreateTags':
    case 'DeleteTags': {
      const ids = listOf(form, 'ResourceId') as (ImageId | SnapshotId)[];
      const keys = listOf(form, 'Tag', '.Key');
      const pairs = keys.map((key, index) => [key, of(`Tag.${index + 1}.Value`)]);
      if (action === 'CreateTags') await ports.tagging.set(ids, Object.fromEntries(pairs) as Tags);
      else await ports.tagging.clear(ids, keys);
      return { return: true };
    }
    case 'DeregisterImage':
      await ports.images.deregister(of('ImageId') as ImageId);
      return { return: true };
    case 'DeleteSnapshot':
      if ((await ports.snapshots.remove(of('SnapshotId') as SnapshotId)) === 'in-use')
        throw new Refused('InvalidSnapshot.InUse');
      return { return: true };
    case 'DescribeImageAttribute':
      return { launchPermission: [] };
    case 'DescribeFleets':
      return { fleetSet: [] };
    case 'DescribeSpotFleetRequests':
      return { spotFleetRequestConfigSet: [] };
    case 'DescribeSpotInstanceRequests':
      return { spotInstanceRequestSet: [] };
    case 'DescribeAutoScalingGroups': {
      const names = listOf(form, 'AutoScalingGroupNames.member');
      const groups = (await ports.groups.list()).filter(
        ({ name }) => names.length === 0 || names.includes(name),
      );
      return result(page('AutoScalingGroups', groups, form, group));
    }
    case 'UpdateAutoScalingGroup': {
      const name = of('AutoScalingGroupName');
      const { launch } = (await ports.groups.find(name))!;
      const number = of('MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version');
      await ports.groups.relaunch(name, withVersion(launch as Launch, Number(number)));
      return {};
    }
    case 'DescribeLaunchConfigurations':
      return result({ LaunchConfigurations: [] });
    case 'DescribeInstanceRefreshes':
      return result({ InstanceRefreshes: [] });
    case 'DescribeStacks': {
      const name = of('StackName');
      const all = [...fake.state.stacks].filter(([one]) => name === '' || one === name);
      if (name !== '' && all.length === 0) throw new Refused('ValidationError');
      return result(page('Stacks', all, form, stack));
    }
    case 'DescribeStackResource': {
      const found = await ports.stacks.resource(of('StackName'), of('LogicalResourceId'));
      if (found === undefined) throw new Refused('ValidationError');
      return result({ StackResourceDetail: { PhysicalResourceId: found } });
    }
    default:
      throw new Refused(`InvalidAction.${action}`);
  }
}

/** As long as the request says, else as AWS has it where nobody says: 100 stacks. */
function page<Item>(
  name: string,
  all: readonly Item[],
  form: URLSearchParams,
  written: (item: Item) => Xml,
): Record<string, Xml> {
  const size = Number(form.get('MaxResults') ?? form.get('MaxRecords') ?? 100);
  const start = Number(form.get('NextToken') ?? 0);
  const next = start + size < all.length ? String(start + size) : undefined;
  return {
    [name]: all.slice(start, start + size).map(written),
    [name.endsWith('Set') ? 'nextToken' : 'NextToken']: next,
  };
}

async function versions({ ports }: FakeAccount, form: URLSearchParams): Promise<readonly TemplateVersion[]> {
  const template = (form.get('LaunchTemplateId') ?? '') as TemplateId;
  if (template === ('' as TemplateId)) return await ports.templates.current();
  const names = listOf(form, 'LaunchTemplateVersion') as VersionName[];
  const wanted = form.get('Filter.1.Value.1') as ImageId | null;
  if (wanted !== null) return await ports.templates.withImage(template, wanted);
  if (names.length === 0) return await ports.templates.all(template);
  const found = await Promise.all(names.map(async (name) => await ports.templates.version(template, name)));
  return found.flatMap((one) => one ?? []);
}

function image({ id, name, owner, createdAt, availability, snapshots, tags }: MachineImage): Xml {
  return {
    imageId: id,
    name,
    imageOwnerId: owner,
    creationDate: createdAt.toISOString(),
    imageState: availability,
    imageLocation: `${owner}/${name}`,
    architecture: 'x86_64',
    imageType: 'machine',
    isPublic: false,
    rootDeviceName: '/dev/xvda',
    rootDeviceType: 'ebs',
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    enaSupport: true,
    platformDetails: 'Linux/UNIX',
    usageOperation: 'RunInstances',
    blockDeviceMapping: snapshots.map((snapshot) => ({
      deviceName: '/dev/xvda',
      ebs: {
        snapshotId: snapshot.id,
        volumeSize: snapshot.gibibytes,
        deleteOnTermination: true,
        volumeType: 'gp3',
        encrypted: false,
      },
    })),
    tagSet: tagSet(tags),
  };
}

function tagSet(tags: Tags): Xml {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function version({ template, number, isDefault, image: id, description }: TemplateVersion): Xml {
  return {
    launchTemplateId: template,
    launchTemplateName: `AgentLaunchTemplate_${template.slice(3)}`,
    versionNumber: number,
    defaultVersion: isDefault,
    versionDescription: description,
    launchTemplateData: { imageId: id, instanceType: 'r6in.large', keyName: 'builders' },
  };
}

function stack([StackName, { status, parameters }]: readonly [string, Stack]): Xml {
  return {
    StackName,
    StackStatus: status,
    Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
  };
}

function group({ name, launch, stack: member }: Group): Xml {
  if (launch.kind !== 'mixed') throw new Error('groups of this fleet have a policy');
  const tag = (Key: string, Value: string): Xml => ({ Key, Value });
  return {
    AutoScalingGroupName: name,
    MixedInstancesPolicy: launch.policy as Xml,
    Instances: [],
    Tags:
      member === undefined
        ? []
        : [
            tag('aws:cloudformation:stack-name', member.name),
            tag('aws:cloudformation:logical-id', member.logicalId),
          ],
  };
}

function listOf(form: URLSearchParams, name: string, rest = ''): string[] {
  const found: string[] = [];
  for (let number = 1; ; number += 1) {
    const value = form.get(`${name}.${number}${rest}`);
    if (value === null) return found;
    found.push(value);
  }
}
