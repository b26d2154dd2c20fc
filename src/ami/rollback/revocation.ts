import type { Host } from '../../platform/host.ts';
import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Account } from '../model/account.ts';
import { stateOf, type MachineImage } from '../model/machine-image.ts';
import { printRevocationNote, revocationsParameter, type RevocationNote } from '../model/revocations.ts';
import { TAG } from '../model/tags.ts';
import { changedMeanwhile } from '../rollout/look-again.ts';

/** EC2 takes 256 characters as the value of a tag. */
const TAG_LENGTH = 256;
const REVOCATION = [TAG.revokedBy, TAG.revokedAt, TAG.reason, TAG.before];

/** Who revokes, and why. */
export interface Revocation {
  readonly family: FamilySettings;
  readonly by: string;
  readonly reason: string;
}

/**
 * Marks an image so that it is never published or rolled back to again. One that is revoked already keeps its first reason. A note of
 * it stays when the tags are gone; where that cannot be written it is a warning.
 */
export async function revoke(
  account: Account,
  host: Pick<Host, 'clock' | 'emit'>,
  { image, family, by, reason }: Revocation & { readonly image: MachineImage },
): Promise<'revoked' | 'unchanged'> {
  const state = stateOf(image);
  if (state === 'revoked') return 'unchanged';
  const at = host.clock.now();
  // First: what is revoked already is not noted again.
  await note(account, host, { family, note: { image: image.id, revoked: true, by, at, reason } });
  const tags = {
    [TAG.family]: family.key,
    [TAG.state]: 'revoked',
    [TAG.before]: state,
    [TAG.revokedBy]: by.slice(0, TAG_LENGTH),
    [TAG.revokedAt]: at.toISOString(),
    [TAG.reason]: reason.slice(0, TAG_LENGTH),
  };
  await whileThere(account, image, async () => await account.tagging.set([image.id], tags));
  return 'revoked';
}

/** Takes a revocation back: the image is what it was before. The state goes first, so that an interrupted call can be repeated. */
export async function unrevoke(
  account: Account,
  host: Pick<Host, 'clock' | 'emit'>,
  { image, family, by }: Omit<Revocation, 'reason'> & { readonly image: MachineImage },
): Promise<'restored' | 'unchanged'> {
  const isRevoked = stateOf(image) === 'revoked';
  const left = REVOCATION.filter((key) => image.tags[key] !== undefined);
  if (!isRevoked && left.length === 0) return 'unchanged';
  const at = host.clock.now();
  await note(account, host, { family, note: { image: image.id, revoked: false, by, at } });
  if (isRevoked) {
    const before = image.tags[TAG.before] === 'candidate' ? 'candidate' : 'published';
    await whileThere(
      account,
      image,
      async () => await account.tagging.set([image.id], { [TAG.state]: before }),
    );
  }
  if (left.length > 0)
    await whileThere(account, image, async () => await account.tagging.clear([image.id], left));
  return 'restored';
}

/** A cleanup may delete the image meanwhile. Throws `refused` then. */
async function whileThere(
  account: Account,
  { id }: MachineImage,
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof WarmbakeError) || (await account.images.find(id)) !== undefined) throw error;
    throw changedMeanwhile(`there is no image ${id} any more`);
  }
}

/** For those who ask later; nothing waits for it. */
async function note(
  account: Account,
  { emit }: Pick<Host, 'emit'>,
  { family, note: text }: { readonly family: FamilySettings; readonly note: RevocationNote },
): Promise<void> {
  try {
    await account.parameters.put(revocationsParameter(family), printRevocationNote(text));
  } catch (error) {
    if (!(error instanceof WarmbakeError) || error.kind !== 'outside') throw error;
    warn(emit, 'revocation-unwritten', `the history will not know of it: ${error.message}`);
  }
}
