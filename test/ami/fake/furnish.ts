import type { ImageId, InstanceId, TemplateId } from '../../../src/ami/model/ids.ts';
import type { JsonObject } from '../../../src/ami/model/json.ts';
import type { GroupLaunch, LaunchOverride } from '../../../src/ami/model/launch.ts';
import type { ImageSnapshot, MachineImage } from '../../../src/ami/model/machine-image.ts';
import type { Tags } from '../../../src/ami/model/tags.ts';
import type { TemplateVersion } from '../../../src/ami/model/template-version.ts';
import { DAY, FAMILY } from '../family.ts';
import { ACCOUNT, type FakeAccount } from './account.ts';

/** An image; everything has a default. */
export interface ImageWish {
  readonly name?: string;
  readonly description?: string;
  readonly daysOld?: number;
  readonly tags?: Tags;
  readonly availability?: string;
  readonly owner?: string;
  /** How many volumes, so how many snapshots. Default: 1. */
  readonly volumes?: number;
}

/** Puts an image into the account, with its snapshots, and says what it is. */
export function addImage(fake: FakeAccount, terms: ImageWish = {}): MachineImage {
  const number = fake.state.images.size + 1;
  const createdAt = new Date(fake.clock.now().getTime() - (terms.daysOld ?? 0) * DAY);
  const snapshots = Array.from({ length: terms.volumes ?? 1 }, (_, volume): ImageSnapshot => ({
    id: `snap-${hex(number * 16 + volume)}`,
    device: `/dev/xvd${'abcdefgh'[volume] ?? 'z'}`,
    gibibytes: 512,
  }));
  const image: MachineImage = {
    id: `ami-${hex(number)}`,
    name: terms.name ?? `${FAMILY.name}-${digits(createdAt)}`,
    ...(terms.description === undefined ? {} : { description: terms.description }),
    owner: terms.owner ?? ACCOUNT,
    createdAt,
    availability: terms.availability ?? 'available',
    snapshots,
    tags: terms.tags ?? {},
  };
  fake.state.images.set(image.id, image);
  for (const { id } of snapshots)
    fake.state.snapshots.set(id, {
      id,
      startedAt: createdAt,
      description: `Created by CreateImage(i-${hex(number)}) for ${image.id}`,
      tags: terms.tags ?? {},
    });
  return image;
}

/** A stack of the Elastic CI kind; everything but its name and image has a default. */
export interface StackWish {
  /** What version 1 launches: an image, or `resolve:ssm:…`. */
  readonly image: string;
  /** What its group launches from. Default: `mixed`. */
  readonly shape?: 'mixed' | 'template';
  /** Default: version 1 by number. */
  readonly version?: TemplateVersion['number'] | '$Latest' | '$Default';
  readonly overrides?: readonly LaunchOverride[];
  readonly zones?: readonly string[];
  /** Whether its group carries CloudFormation's tags. Default: true. */
  readonly tagged?: boolean;
  readonly status?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Puts a stack into the account, with template and group. */
export function addStack(
  fake: FakeAccount,
  name: string,
  terms: StackWish,
): { group: string; template: TemplateId } {
  const number = fake.state.templates.size + 1;
  const template: TemplateId = `lt-${hex(number)}`;
  const group = `${name}-AgentAutoScaleGroup-${number}`;
  fake.state.templates.set(template, [
    { template, number: 1, isDefault: true, image: terms.image, data: templateData(terms.image) },
  ]);
  fake.state.groups.set(group, {
    name: group,
    launch: launchOf(template, terms),
    zones: terms.zones ?? ['us-east-1a', 'us-east-1b'],
    ...(terms.tagged === false ? {} : { stack: { name, logicalId: 'AgentAutoScaleGroup' } }),
  });
  fake.state.stacks.set(name, {
    status: terms.status ?? 'UPDATE_COMPLETE',
    parameters: terms.parameters ?? { BuildkiteQueue: name },
    resources: { AgentLaunchTemplate: template, AgentAutoScaleGroup: group },
  });
  return { group, template };
}

/** What launches an instance, as EC2 describes it. */
function templateData(image: string): JsonObject {
  return {
    ImageId: image,
    KeyName: 'builders',
    SecurityGroupIds: ['sg-0123456789abcdef0'],
    UserData: 'IyEvYmluL3NoCg==',
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/xvda',
        Ebs: { SnapshotId: 'snap-0000000000000f00d', VolumeSize: 512, VolumeType: 'gp3' },
      },
    ],
  };
}

function launchOf(template: TemplateId, terms: StackWish): GroupLaunch {
  const version = String(terms.version ?? 1) as `${number}`;
  const use = { template, version };
  if (terms.shape === 'template') return { kind: 'template', use };
  return {
    kind: 'mixed',
    use,
    overrides: terms.overrides ?? [],
    policy: {
      InstancesDistribution: {
        OnDemandPercentageAboveBaseCapacity: 100,
        SpotAllocationStrategy: 'capacity-optimized',
      },
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: template, Version: version },
        Overrides: [{ InstanceType: 'r6in.large' }, { InstanceType: 'r6i.large' }],
      },
    },
  };
}

/** Adds a version to a template, as somebody else would. */
export function addVersion(
  fake: FakeAccount,
  template: TemplateId,
  change: { readonly image: string; readonly data?: JsonObject },
): number {
  const versions = fake.state.templates.get(template) ?? [];
  const number = versions.length + 1;
  const data = { ...versions.at(-1)?.data, ...change.data, ImageId: change.image };
  fake.state.templates.set(template, [
    ...versions,
    { template, number, isDefault: false, image: change.image, data },
  ]);
  return number;
}

/** Launches an instance. */
export function addInstance(
  fake: FakeAccount,
  terms: { image: ImageId; group?: string; state?: string },
): InstanceId {
  const id: InstanceId = `i-${hex(fake.state.instances.size + 1)}`;
  const { image, group, state = 'running' } = terms;
  fake.state.instances.set(id, {
    id,
    image,
    state,
    launchedAt: fake.clock.now(),
    ...(group === undefined ? {} : { group }),
  });
  return id;
}

/** Writes a parameter as a run before this one did. */
export function setParameter(fake: FakeAccount, name: string, value: string): void {
  const history = fake.state.parameters.get(name) ?? [];
  const version = (history[0]?.version ?? 0) + 1;
  const modifiedBy = `arn:aws:iam::${ACCOUNT}:role/job`;
  fake.state.parameters.set(name, [
    { value, version, modifiedAt: fake.clock.now(), modifiedBy, labels: [] },
    ...history,
  ]);
}

/** The image that a stack's group would launch now, looked up the way EC2 does. */
export function imageOf(fake: FakeAccount, stack: string): string | undefined {
  const launch = fake.state.groups.get(
    fake.state.stacks.get(stack)?.resources['AgentAutoScaleGroup'] ?? '',
  )?.launch;
  if (launch === undefined || !('use' in launch)) return undefined;
  const versions = fake.state.templates.get(launch.use.template) ?? [];
  const { version } = launch.use;
  if (version === '$Latest') return versions.at(-1)?.image;
  if (version === '$Default') return versions.find(({ isDefault }) => isDefault)?.image;
  return versions.find(({ number }) => String(number) === version)?.image;
}

function hex(number: number): string {
  return number.toString(16).padStart(17, '0');
}

function digits(date: Date): string {
  return date.toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
