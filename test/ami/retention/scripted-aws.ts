import type { ImageId } from '../../../src/ami/model/ids.ts';

/** One request, by IAM action without its service. */
export interface Asked {
  readonly action: string;
  /** The parameter or the image that it is about; '' where it is about none. */
  readonly name: string;
}

/** A success with this body, or a refusal. */
export type Said = string | { readonly status: number; readonly body: string };

const DAY = 86_400_000;
const NOW = Date.parse('2026-08-21T12:00:00Z');

const timeOf = (daysOld: number): string => new Date(NOW - daysOld * DAY).toISOString();
export const imageId = (daysOld: number): ImageId => `ami-${String(daysOld).padStart(17, '0')}`;
const snapshotId = (daysOld: number): string => `snap-${String(daysOld).padStart(17, '0')}`;

/** The mark of a cleanup of yesterday. */
const CONDEMNED = `<item><key>warmbake:condemned</key><value>${timeOf(1)}</value></item>`;

function image(daysOld: number): string {
  const name = `app-build-${timeOf(daysOld).replaceAll(/\D/g, '').slice(0, 14)}`;
  return `<item><imageId>${imageId(daysOld)}</imageId><name>${name}</name><imageOwnerId>111122223333</imageOwnerId>
    <creationDate>${timeOf(daysOld)}</creationDate><imageState>available</imageState><blockDeviceMapping><item><ebs>
    <snapshotId>${snapshotId(daysOld)}</snapshotId></ebs></item></blockDeviceMapping>
    <tagSet>${daysOld < 5 ? '' : CONDEMNED}</tagSet></item>`;
}

const version = `<item><launchTemplateId>lt-1</launchTemplateId><versionNumber>1</versionNumber><defaultVersion>true</defaultVersion>
  <launchTemplateData><imageId>${imageId(0)}</imageId></launchTemplateData></item>`;
const instance = `<item><instancesSet><item><instanceId>i-1</instanceId><imageId>${imageId(0)}</imageId><instanceState><name>running</name>
  </instanceState><launchTime>${timeOf(0)}</launchTime></item></instancesSet></item>`;
const groups = `<member><AutoScalingGroupName>main-group</AutoScalingGroupName><LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId>
  <Version>1</Version></LaunchTemplate></member><member><AutoScalingGroupName>old</AutoScalingGroupName>
  <LaunchConfigurationName>conf</LaunchConfigurationName></member>`;

const NUMBERS = [0, 1, 2, 3, 4, 5, 6];

/** What the inside of each answer is; SSM's are whole. */
const INSIDE: Readonly<Record<string, string>> = {
  DescribeImages: `<imagesSet>${NUMBERS.map(image).join('')}</imagesSet>`,
  DescribeInstances: `<reservationSet>${instance}</reservationSet>`,
  DescribeSnapshots: '<snapshotSet/>',
  DescribeFleets: '<fleetSet/>',
  DescribeSpotFleetRequests: '<spotFleetRequestConfigSet/>',
  DescribeSpotInstanceRequests: '<spotInstanceRequestSet/>',
  DescribeImageAttribute: '<launchPermission/>',
  DescribeInstanceRefreshes:
    '<DescribeInstanceRefreshesResult><InstanceRefreshes/></DescribeInstanceRefreshesResult>',
  DescribeStacks:
    '<DescribeStacksResult><Stacks><member><StackStatus>UPDATE_COMPLETE</StackStatus></member></Stacks></DescribeStacksResult>',
  DescribeLaunchTemplateVersions: `<launchTemplateVersionSet>${version}</launchTemplateVersionSet>`,
  DescribeAutoScalingGroups: `<DescribeAutoScalingGroupsResult><AutoScalingGroups>${groups}</AutoScalingGroups></DescribeAutoScalingGroupsResult>`,
  DescribeLaunchConfigurations: `<DescribeLaunchConfigurationsResult><LaunchConfigurations><member><LaunchConfigurationName>conf</LaunchConfigurationName>
    <ImageId>${imageId(1)}</ImageId></member></LaunchConfigurations></DescribeLaunchConfigurationsResult>`,
  DescribeStackResource: `<DescribeStackResourceResult><StackResourceDetail><PhysicalResourceId>main-group</PhysicalResourceId>
    </StackResourceDetail></DescribeStackResourceResult>`,
};

/** What AWS says, in a fleet of one stack with an image of each of seven days, of which the two oldest can go. */
export function rightAnswer({ action, name }: Asked): Said {
  if (action === 'DescribeParameters')
    return JSON.stringify({ Parameters: [{ Name: '/other', Type: 'String', Version: 3 }] });
  if (action === 'GetParameters')
    return JSON.stringify({
      Parameters: [{ Name: '/other', Version: 3, Value: imageId(2) }],
      InvalidParameters: [],
    });
  if (action === 'GetParameterHistory') return JSON.stringify({ Parameters: [] });
  if (action === 'GetParameter') {
    const value = { Parameter: { Name: name, Type: 'String', Value: imageId(0), Version: 1 } };
    if (!name.endsWith('/hold')) return JSON.stringify(value);
    return { status: 400, body: JSON.stringify({ __type: 'ParameterNotFound' }) };
  }
  const inside =
    action === 'DescribeImages' && name !== ''
      ? `<imagesSet>${NUMBERS.filter((number) => imageId(number) === name)
          .map(image)
          .join('')}</imagesSet>`
      : (INSIDE[action] ?? '');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response><requestId>r</requestId>${inside}</${action}Response>`;
}

/** A `fetch` that answers as `say` does, and writes down what was asked. */
export function scriptedAws(say: (asked: Asked, number: number) => Said): {
  readonly fetch: typeof globalThis.fetch;
  readonly asked: readonly Asked[];
} {
  const asked: Asked[] = [];
  return {
    asked,
    fetch: async (_, init) => {
      // Text or bytes, as the protocol has it.
      const body = Buffer.from(init?.body as string | Uint8Array<ArrayBuffer>).toString();
      const one = askedBy(init?.headers as Record<string, string>, body);
      asked.push(one);
      const said = say(one, asked.length);
      return typeof said === 'string' ? new Response(said) : new Response(said.body, { status: said.status });
    },
  };
}

function askedBy(headers: Readonly<Record<string, string>>, body: string): Asked {
  const target = headers['x-amz-target'];
  if (target === undefined) {
    const form = new URLSearchParams(body);
    return { action: form.get('Action') ?? '', name: form.get('ImageId') ?? form.get('ImageId.1') ?? '' };
  }
  const { Name = '' } = JSON.parse(body) as { readonly Name?: string };
  return { action: target.split('.')[1] ?? '', name: Name };
}
