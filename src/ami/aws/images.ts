import type { Image } from '@aws-sdk/client-ec2';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { ownText } from '../../platform/own-text.ts';
import type { Images } from '../model/account.ts';
import type { ImageId, SnapshotId } from '../model/ids.ts';
import type { ImageSnapshot, MachineImage } from '../model/machine-image.ts';
import type { Ec2 } from './ec2.ts';
import { launchPermissionsOf } from './launch-permissions.ts';
import { present } from './present.ts';
import { tagsOf } from './tagging.ts';
import { longListOf } from './whole-list.ts';

/** EC2's words for an image that is not there, or not any more. */
const ABSENT = ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'];

/** {@link Images} on EC2. */
export function openImages(ec2: Ec2): Images {
  return {
    async list(prefix) {
      const { sdk, client } = await ec2.load();
      const name = { action: 'ec2:DescribeImages', subject: `images named ${prefix}*` };
      const input = {
        Owners: ['self'],
        Filters: [{ Name: 'name', Values: [`${prefix}*`] }],
        IncludeDeprecated: true,
        IncludeDisabled: true,
      };
      const read = (image: Image) => (exists(image) ? [machineImage(image, name)] : []);
      return await longListOf(ec2, { name, field: 'Images', read }, (options) =>
        sdk.paginateDescribeImages({ client, pageSize: 1_000 }, input, options),
      );
    },
    async find(id) {
      const { sdk, client } = await ec2.load();
      const name = { action: 'ec2:DescribeImages', subject: id };
      const input = { ImageIds: [id], IncludeDeprecated: true, IncludeDisabled: true };
      const answer = await ec2.ask(
        { ...name, expect: ABSENT },
        async (options) => await client.send(new sdk.DescribeImagesCommand(input), options),
      );
      if (!answer.ok) return undefined;
      const image = present(answer.value.Images, name, 'Images').find(exists);
      if (image !== undefined && image.ImageId !== id) throw incomplete(name, `image ${image.ImageId ?? ''}`);
      return image === undefined ? undefined : machineImage(image, name);
    },
    sharedWith: async (id) => await launchPermissionsOf(ec2, id),
    async deregister(id) {
      const { sdk, client } = await ec2.load();
      await ec2.ask(
        { action: 'ec2:DeregisterImage', subject: id, expect: ABSENT },
        async (options) => await client.send(new sdk.DeregisterImageCommand({ ImageId: id }), options),
      );
    },
  };
}

/** EC2 gives it as text, which the SDK does not read. Throws `outside` where it is no time. */
function dateOf(text: string, name: AwsRequestName): Date {
  const date = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw incomplete(name, `'${text}' as CreationDate, which is no time`);
}

function incomplete({ action, subject }: AwsRequestName, what: string): WarmbakeError {
  return new WarmbakeError('outside', 'aws-incomplete', `${action} (${subject}) answered with ${what}`);
}

/** `enabled-with-cooldown` and `enabled-without-cooldown`; while a cooldown runs EC2 says when it ends, and still refuses. */
function isProtected({ DeregistrationProtection: protection = 'disabled' }: Image): boolean {
  return protection !== 'disabled';
}

/** Images can still be described for a while after they went (DescribeImages). */
function exists(image: Image): boolean {
  return image.State !== 'deregistered';
}

function machineImage(image: Image, name: AwsRequestName): MachineImage {
  return {
    id: ownText(present(image.ImageId, name, 'ImageId')) as ImageId,
    name: ownText(image.Name ?? ''),
    ...(image.Description === undefined || image.Description === ''
      ? {}
      : { description: ownText(image.Description) }),
    owner: ownText(present(image.OwnerId, name, 'OwnerId')),
    createdAt: dateOf(present(image.CreationDate, name, 'CreationDate'), name),
    availability: ownText(present(image.State, name, 'State')),
    ...(image.Public === true ? { isPublic: true as const } : {}),
    ...(isProtected(image) ? { isProtected: true as const } : {}),
    snapshots: (image.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }): ImageSnapshot[] =>
      Ebs?.SnapshotId === undefined
        ? []
        : [
            {
              id: ownText(Ebs.SnapshotId) as SnapshotId,
              ...(DeviceName === undefined ? {} : { device: ownText(DeviceName) }),
              gibibytes: Ebs.VolumeSize ?? 0,
              ...(Ebs.Encrypted === undefined ? {} : { encrypted: Ebs.Encrypted }),
            },
          ],
    ),
    tags: tagsOf(image.Tags),
  };
}
