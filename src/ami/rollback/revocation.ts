import type { Host } from '../../platform/host.ts';
import type { FamilySettings } from '../../config/families.ts';
import type { Account } from '../model/account.ts';
import { stateOf, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';

/** EC2 takes 256 characters as the value of a tag. */
const TAG_LENGTH = 256;
const REVOCATION = [TAG.revokedBy, TAG.revokedAt, TAG.reason, TAG.before];

/** Who revokes, and why. */
export interface Revocation {
  readonly family: FamilySettings;
  readonly by: string;
  readonly reason: string;
}

/** Marks an image so that it is never published or rolled back to again. One that is revoked already keeps its first reason. */
export async function revoke(
  account: Account,
  host: Pick<Host, 'clock'>,
  { image, family, by, reason }: Revocation & { readonly image: MachineImage },
): Promise<'revoked' | 'unchanged'> {
  const state = stateOf(image);
  if (state === 'revoked') return 'unchanged';
  await account.tagging.set([image.id], {
    [TAG.family]: family.key,
    [TAG.state]: 'revoked',
    [TAG.before]: state,
    [TAG.revokedBy]: by.slice(0, TAG_LENGTH),
    [TAG.revokedAt]: host.clock.now().toISOString(),
    [TAG.reason]: reason.slice(0, TAG_LENGTH),
  });
  return 'revoked';
}

/** Takes a revocation back: the image is what it was before. The state goes first, so that an interrupted call can be repeated. */
export async function unrevoke(account: Account, image: MachineImage): Promise<'restored' | 'unchanged'> {
  const isRevoked = stateOf(image) === 'revoked';
  if (isRevoked) {
    const before = image.tags[TAG.before] === 'candidate' ? 'candidate' : 'published';
    await account.tagging.set([image.id], { [TAG.state]: before });
  }
  const left = REVOCATION.filter((key) => image.tags[key] !== undefined);
  if (left.length > 0) await account.tagging.clear([image.id], left);
  return isRevoked || left.length > 0 ? 'restored' : 'unchanged';
}
