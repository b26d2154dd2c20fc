import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import { decidePublication, readDesiredState, type Desired } from '../model/desired.ts';
import { heldBecause } from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import { belongsTo, stateOf, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';

/** How long SSM may take to show what was written. */
const SETTLE = { everyMs: 1_000, withinMs: 30_000 };

/** What publishing did. */
export interface Published {
  readonly image: ImageId;
  readonly outcome: 'published' | 'unchanged' | 'planned';
  /** What was desired before. */
  readonly before: Desired;
}

/**
 * Makes `image`, which was found fit to run, the desired one: parameter first, then the tag, so that an image counts as
 * published only when it was. Throws `refused` under a hold.
 */
export async function publish(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, image, dryRun }: PublishOptions,
): Promise<Published> {
  const desiredState = await readDesiredState(account, family, host.clock.now());
  const plan = decidePublication(image.id, desiredState);
  const before = desiredState.desired;
  if (plan.action === 'refuse') {
    throw new WarmbakeError('refused', 'held', `${family.parameter} is ${plan.because}`, {
      hint: 'release it first: warmbake ami release',
    });
  }
  if (dryRun) return { image: image.id, outcome: plan.action === 'write' ? 'planned' : 'unchanged', before };
  // The image was looked at before the canary watched it: it may have been revoked meanwhile.
  const fresh = (await account.images.find(image.id)) ?? image;
  if (stateOf(fresh) === 'revoked') {
    throw new WarmbakeError(
      'refused',
      'image-revoked',
      `${image.id} was revoked while it was being released`,
    );
  }
  if (plan.action === 'write') {
    await markEarlier(account, family, before);
    await writeDesired(account, host, { family, image: image.id });
    await giveWay(account, host, { family, image: image.id });
  }
  await markPublished(account, family, fresh);
  return { image: image.id, outcome: plan.action === 'write' ? 'published' : 'unchanged', before };
}

/** Options of {@link publish}. */
export interface PublishOptions {
  readonly family: FamilySettings;
  readonly image: MachineImage;
  /** Only plan. */
  readonly dryRun: boolean;
}

/** Writes the parameter and reads it back. Throws `outside` where somebody else writes it at the same time. */
export async function writeDesired(
  account: Account,
  { clock, signal }: Pick<Host, 'clock' | 'signal'>,
  { family, image }: { readonly family: FamilySettings; readonly image: ImageId },
): Promise<void> {
  const written = await account.parameters.put(family.parameter, image);
  const isThere = async () => {
    const now = await account.parameters.get(family.parameter);
    return now !== undefined && now.version >= written ? now : undefined;
  };
  const found = await waitFor(isThere, { ...SETTLE, clock, signal });
  if (found?.value === image) return;
  throw new WarmbakeError(
    'outside',
    'parameter-differs',
    `parameter ${family.parameter} says '${found?.value ?? 'nothing new'}' after ${image} was written as version ${written}`,
    { hint: 'somebody else publishes at the same time; run this again when they are done' },
  );
}

/**
 * SSM has no conditional write: a hold that came between reading and writing is found here. A rollback places its hold
 * before it writes, so whichever of the two wrote last, the held image ends up in the parameter.
 */
async function giveWay(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, image }: { readonly family: FamilySettings; readonly image: ImageId },
): Promise<void> {
  const { hold } = await readDesiredState(account, family, host.clock.now());
  const because = heldBecause(hold);
  if (because === undefined) return;
  const held = hold.state === 'held' ? hold.hold.image : undefined;
  if (held !== undefined && held !== image) await writeDesired(account, host, { family, image: held });
  throw new WarmbakeError(
    'refused',
    'held',
    `${family.parameter} is ${because}; it came while ${image} was published`,
  );
}

/** The run that published the image that is desired so far may have been killed before it could say so. */
async function markEarlier(account: Account, family: FamilySettings, desired: Desired): Promise<void> {
  const earlier = desired.state === 'image' ? await account.images.find(desired.id) : undefined;
  if (earlier !== undefined && belongsTo(earlier, family)) await markPublished(account, family, earlier);
}

/** Says on a candidate that it was published. */
export async function markPublished(
  account: Account,
  family: FamilySettings,
  image: MachineImage,
): Promise<void> {
  if (stateOf(image) !== 'candidate') return;
  await account.tagging.set([image.id], { [TAG.family]: family.key, [TAG.state]: 'published' });
}
