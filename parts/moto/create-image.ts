import { CreateTagsCommand, DescribeImagesCommand, EC2Client, type Tag } from '@aws-sdk/client-ec2';
import { clientOf } from './client.ts';
import type { Moto } from './server.ts';

/** A CreateImage request as moto understands it, and the tags of the snapshots, which it does not. */
export interface ImageRequest {
  readonly body: string;
  readonly snapshotTags: readonly Tag[];
}

const MEMBER = /^TagSpecification\.(\d+)\.(?:ResourceType$|Tag\.(\d+)\.(Key|Value)$)/;

/** Takes what is for the snapshots out of a request. */
export function withoutSnapshotTags(body: string): ImageRequest {
  const form = new URLSearchParams(body);
  const places = new Set(
    [...form].flatMap(([name, value]) =>
      name.endsWith('.ResourceType') && value === 'snapshot' ? (MEMBER.exec(name)?.[1] ?? []) : [],
    ),
  );
  const tags = new Map<string, { Key?: string; Value?: string }>();
  const rest = new URLSearchParams();
  for (const [name, value] of form) {
    const [, place = '', number, member] = MEMBER.exec(name) ?? [];
    if (!places.has(place)) rest.append(name, value);
    else if (number !== undefined && member !== undefined)
      tags.set(number, { ...tags.get(number), [member]: value });
  }
  return { body: rest.toString(), snapshotTags: [...tags.values()] };
}

/** Tags the snapshots of the image that `answer` names, as CreateImage would have. */
export async function tagSnapshots(moto: Moto, answer: string, tags: readonly Tag[]): Promise<void> {
  const [, image] = /<imageId>(ami-[0-9a-f]+)<\/imageId>/i.exec(answer) ?? [];
  if (image === undefined || tags.length === 0) return;
  const ec2 = new EC2Client(clientOf(moto.url));
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [image] }));
  const devices = Images.flatMap(({ BlockDeviceMappings = [] }) => BlockDeviceMappings);
  const Resources = devices.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
  await ec2.send(new CreateTagsCommand({ Resources, Tags: [...tags] }));
}
