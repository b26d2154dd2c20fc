import type { LaunchPermissions } from '../../config/families.ts';
import type { ImageId } from '../model/ids.ts';
import type { Ec2 } from './ec2.ts';
import { present } from './present.ts';

/** Who may launch the image besides its own account; `all` among the accounts where everybody may. */
export async function launchPermissionsOf(ec2: Ec2, image: ImageId): Promise<LaunchPermissions> {
  const { sdk, client } = await ec2.load();
  const name = { action: 'ec2:DescribeImageAttribute', subject: image };
  const answer = await ec2.call(
    name,
    async (options) =>
      await client.send(
        new sdk.DescribeImageAttributeCommand({ ImageId: image, Attribute: 'launchPermission' }),
        options,
      ),
  );
  const all = present(answer.LaunchPermissions, name, 'LaunchPermissions');
  return {
    accounts: all.flatMap(({ UserId, Group }) => UserId ?? Group ?? []),
    organizations: all.flatMap((one) => one.OrganizationArn ?? one.OrganizationalUnitArn ?? []),
  };
}
