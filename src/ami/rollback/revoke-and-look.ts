import type { Host } from '../../platform/host.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import { readStanding, type Desired } from '../model/desired.ts';
import { stateOf, type ImageState, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';
import { changedMeanwhile } from '../rollout/look-again.ts';
import { readSettled } from '../rollout/settled-standing.ts';
import { revoke, unrevoke, type Revocation } from './revocation.ts';

/** How long reads of tags may be behind. */
const SETTLE = { everyMs: 1_000, withinMs: 30_000 };

/** What a revocation by hand did. */
export interface RevokedByHand {
  readonly outcome: 'revoked' | 'unchanged';
  /** The image is what all stacks should run all the same, as it was before. */
  readonly isDesired: boolean;
}

/**
 * Revokes an image, and looks again at the end. Throws `refused` where it is gone by then, somebody has taken the revocation back, or has
 * made the image desired meanwhile.
 */
export async function revokeAndLook(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { image, family, by, reason }: Revocation & { readonly image: MachineImage },
): Promise<RevokedByHand> {
  const before = await readStanding(account, family, host.clock.now());
  const outcome = await revoke(account, host, { image, family, by, reason });
  const { desired } = await readSettled(account, host, { family, versions: before.versions });
  const isDesired = isImage(desired, image);
  if (isDesired && !isImage(before.desired, image))
    throw changedMeanwhile(`${image.id} is revoked, but ${family.parameter} is ${image.id} now`);
  const found = await seenAs(account, host, { image, isRevoked: true });
  if (stateOf(found) !== 'revoked') throw changedMeanwhile(`${image.id} is ${stateOf(found)} again`);
  return { outcome, isDesired };
}

/** Takes a revocation back, and looks again at the end. Throws `refused` where the image is gone by then, or somebody has revoked it anew. */
export async function unrevokeAndLook(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { image, family, by }: Omit<Revocation, 'reason'> & { readonly image: MachineImage },
): Promise<{ readonly outcome: 'restored' | 'unchanged'; readonly state: ImageState }> {
  const outcome = await unrevoke(account, host, { image, family, by });
  const found = await seenAs(account, host, { image, isRevoked: false });
  const state = stateOf(found);
  if (state !== 'revoked') return { outcome, state };
  const who = found.tags[TAG.revokedBy] ?? 'somebody';
  throw changedMeanwhile(
    `${image.id} was revoked by ${who}${outcome === 'restored' ? ' once more' : ''}: ${found.tags[TAG.reason] ?? 'no reason given'}`,
  );
}

/** The image once it is seen so, or as it still is after the time that reads may be behind. */
async function seenAs(
  account: Account,
  { clock, signal }: Pick<Host, 'clock' | 'signal'>,
  { image, isRevoked }: { readonly image: MachineImage; readonly isRevoked: boolean },
): Promise<MachineImage> {
  const seen = async (): Promise<MachineImage | undefined> => {
    const found = await account.images.find(image.id);
    if (found === undefined) throw changedMeanwhile(`there is no image ${image.id} any more`);
    return (stateOf(found) === 'revoked') === isRevoked ? found : undefined;
  };
  const last = (await waitFor(seen, { ...SETTLE, clock, signal })) ?? (await account.images.find(image.id));
  if (last === undefined) throw changedMeanwhile(`there is no image ${image.id} any more`);
  return last;
}

function isImage(desired: Desired, { id }: MachineImage): boolean {
  return desired.state === 'image' && desired.id === id;
}
