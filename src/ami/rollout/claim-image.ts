import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { deletingUntil } from '../model/condemned.ts';
import type { ImageId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';
import { whyUnpublishable, type Unpublishable } from '../model/unpublishable.ts';

/** An image that can be taken into use, or why it cannot. */
export type Claim =
  | { readonly fit: true; readonly image: MachineImage }
  | {
      readonly fit: false;
      readonly code: Unpublishable['code'] | 'image-being-deleted';
      readonly because: string;
    };

/**
 * Takes an image into use: takes the mark of a cleanup off it, and then looks whether it is there, may run, and nobody is deleting it. A
 * cleanup says on the image that it deletes it before it looks for the mark, so either it finds none, or this finds what it said.
 */
export async function claimImage(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  { id, family }: { readonly id: ImageId; readonly family: FamilySettings },
): Promise<Claim> {
  const seen = await account.images.find(id);
  const isMarked = seen?.tags[TAG.condemned] !== undefined;
  if (isMarked) await takeMarkOff(account, seen);
  const found = isMarked ? await account.images.find(id) : seen;
  const until = found === undefined ? undefined : deletingUntil(found, clock.now());
  if (until !== undefined) {
    const because = `a cleanup began to delete ${id} at ${found?.tags[TAG.tried]}; where it is still there at ${until.toISOString()}, run this again`;
    return { fit: false, code: 'image-being-deleted', because };
  }
  const fault = whyUnpublishable(found, { id, family, account: found?.owner ?? '' });
  if (fault !== undefined) return { fit: false, ...fault };
  if (found === undefined) return { fit: false, code: 'image-missing', because: `there is no image ${id}` };
  return { fit: true, image: found };
}

/** Takes the mark of a cleanup off an image that is in use by now; one without a mark, or gone, is left alone. */
export async function takeMarkOff(account: Account, found: MachineImage | undefined): Promise<void> {
  if (found?.tags[TAG.condemned] === undefined) return;
  try {
    await account.tagging.clear([found.id], [TAG.condemned]);
  } catch (error) {
    if (!(error instanceof WarmbakeError) || (await account.images.find(found.id)) !== undefined) throw error;
  }
}
