import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { condemnedOf } from '../model/condemned.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';
import { imageLine, type CleanLine } from './clean-line.ts';
import { setTags } from './set-tags.ts';

/** Why somebody else was faster. */
export const GONE = 'somebody else deleted it meanwhile';

/** Marks an image: nobody needs it, and a later cleanup deletes it where that is still so. */
export async function condemn(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  { image, family }: { readonly image: MachineImage; readonly family: FamilySettings },
): Promise<CleanLine> {
  const tags = { [TAG.family]: family.key, [TAG.condemned]: clock.now().toISOString() };
  if (!(await setTags(account, image.id, { resources: [image.id], tags })))
    return imageLine(image, 'deleted', [GONE]);
  const deletableFrom = condemnedOf({ tags }, clock.now())?.deletableFrom;
  const line = imageLine(image, 'condemned', ['not needed any more']);
  return deletableFrom === undefined ? line : { ...line, deletableFrom };
}

/** Takes the mark off an image that stays; one without a mark is left alone. */
export async function reprieve(account: Account, image: MachineImage): Promise<CleanLine> {
  if (image.tags[TAG.condemned] !== undefined) await account.tagging.clear([image.id], [TAG.condemned]);
  return imageLine(image, 'kept', []);
}
