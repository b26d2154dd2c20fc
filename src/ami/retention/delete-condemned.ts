import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { condemnedOf, isDeletable, isLastAttempt, keptTags, mayStillDelete } from '../model/condemned.ts';
import { readDesiredState } from '../model/desired.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';
import { imageLine, type CleanLine } from './clean-line.ts';
import { GONE, reprieve } from './condemn.ts';
import { markForRemoval, removeSnapshots } from './remove-image.ts';
import type { Usage } from './usage.ts';

/** An image that an earlier run condemned, of this family. */
export interface CondemnedImage {
  readonly image: MachineImage;
  readonly family: FamilySettings;
}

/**
 * Deletes a condemned image. It says so first, then reads what is in use, then looks whether the mark is still there: whoever takes an
 * image into use takes the mark off and then looks whether somebody is deleting it (`claimImage`), so one of the two sees the other. After
 * the image went comes a last look, before its snapshots go. Throws where a request fails.
 */
export async function deleteCondemned(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { image, family }: CondemnedImage,
  readUse: () => Promise<Usage>,
): Promise<CleanLine> {
  const begun = host.clock.now();
  const isThere = await markForRemoval(account, image, { family, now: begun });
  if (!isThere) return imageLine(image, 'deleted', [GONE]);
  const usage = await readUse();
  if (!usage.complete) return imageLine(image, 'kept', ['what is in use could not be read']);
  const found = await account.images.find(image.id);
  if (found === undefined) return imageLine(image, 'deleted', [GONE]);
  const uses = usage.images.get(image.id) ?? whyNotNow(found, { begun, now: host.clock.now() });
  if (uses !== undefined) {
    // Whoever wants it need not wait until this attempt is forgotten.
    if (isLastAttempt(found, begun)) await account.tagging.set([image.id], keptTags(begun));
    if (usage.images.has(image.id)) await reprieve(account, found);
    return imageLine(image, 'kept', uses);
  }
  await account.images.deregister(image.id);
  await requireUnwanted(account, host, { image, family });
  const left = await removeSnapshots(account, host, { image, used: usage.snapshots });
  return imageLine(image, 'deleted', ['not needed any more', ...left]);
}

/** Why it is not deleted though nothing uses it; `undefined` where it is. */
function whyNotNow(
  found: MachineImage,
  { begun, now }: { readonly begun: Date; readonly now: Date },
): readonly string[] | undefined {
  if (found.tags[TAG.keep] !== undefined || found.isProtected === true)
    return ['somebody has marked it to be kept meanwhile'];
  if (!isDeletable(condemnedOf(found, now), now)) return ['somebody has taken the mark off it meanwhile'];
  if (!mayStillDelete(begun, now)) return ['reading what is in use took too long to delete it after'];
  return undefined;
}

/** What became desired or held while the request was on its way; its snapshots stay then, and an image can be made of them. */
async function requireUnwanted(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  { image, family }: CondemnedImage,
): Promise<void> {
  const { desired, hold } = await readDesiredState(account, family, clock.now());
  const isDesired = desired.state === 'image' && desired.id === image.id;
  const isHeld = hold.state === 'held' && hold.hold.image === image.id;
  if (!isDesired && !isHeld) return;
  throw new WarmbakeError(
    'outside',
    'deleted-desired',
    `${image.id} became ${isDesired ? 'desired' : 'held'} while it was deleted, and is gone; its snapshots stay (${image.snapshots.map(({ id }) => id).join(', ')}): go back to another image, warmbake ami rollback --family ${family.key} --reason …`,
  );
}
