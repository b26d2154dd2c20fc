import type { Account } from '../../../ami/model/account.ts';
import { belongsTo, type MachineImage } from '../../../ami/model/machine-image.ts';
import { requireImageId } from '../../../ami/model/unpublishable.ts';
import { operatorOf, requireReason } from '../../../ami/rollback/operator.ts';
import { revokeAndLook } from '../../../ami/rollback/revoke-and-look.ts';
import type { FamilySettings } from '../../../config/families.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import { warn } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, textOption, always } from '../../command.ts';
import { linePart } from '../../parts.ts';
import { FAMILY_OPTIONS, openFamily } from './family.ts';
import { REASON_OPTION } from './hold.ts';

/** `warmbake ami revoke`: an image is never published again. */
export const amiRevokeCommand: CommandSpec = {
  args: '<ami>',
  description:
    'Mark an image as revoked: it is never published, rolled or rolled back to, until it is unrevoked. Stacks that launch it go on; use `ami rollback` to leave it.',
  options: [...FAMILY_OPTIONS, REASON_OPTION],
  examples: ["warmbake ami revoke ami-0123456789abcdef0 --reason 'agents do not start'"],
  changesShared: always,
  run: amiRevoke,
};

async function amiRevoke(host: Host, input: Input): Promise<CommandOutcome> {
  const reason = requireReason(textOption(input, 'reason'));
  const { family, account } = await openFamily(host, input);
  const image = await requireOwnImage(account, family, { written: input.args[0] ?? '' });
  const by = await operatorOf(account, host.env);
  const { outcome, isDesired } = await revokeAndLook(account, host, { image, family, by, reason });
  if (isDesired) {
    warn(
      host.emit,
      'revoked-desired',
      `${image.id} is still the desired image; leave it with \`warmbake ami rollback\``,
    );
  }
  return {
    json: { family: family.key, image: image.id, outcome, by, reason },
    page: [
      linePart(
        outcome === 'revoked' ? `${image.id} is revoked: ${reason}` : `${image.id} is revoked already`,
      ),
    ],
  };
}

/** An image of the family, whatever state it is in. Throws `refused`. */
export async function requireOwnImage(
  account: Account,
  family: FamilySettings,
  { written }: { readonly written: string },
): Promise<MachineImage> {
  const id = requireImageId(written);
  const image = await account.images.find(id);
  if (image !== undefined && belongsTo(image, family)) return image;
  const because =
    image === undefined
      ? `there is no image ${id} in ${family.region}`
      : `${id} ('${image.name}') is not of family '${family.key}'`;
  throw new WarmbakeError('refused', image === undefined ? 'image-missing' : 'image-foreign', because);
}
