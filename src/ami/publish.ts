import type { FamilySettings } from '../config/families.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { waitFor } from '../platform/wait.ts';
import type { Account } from './account.ts';
import { decidePublication, readWishes, type Desired } from './desired.ts';
import type { ImageId } from './ids.ts';
import { belongsTo, stateOf, type MachineImage } from './machine-image.ts';
import { TAG } from './tags.ts';

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
  const wishes = await readWishes(account, family, host.clock.now());
  const plan = decidePublication(image.id, wishes);
  const before = wishes.desired;
  if (plan.action === 'refuse') {
    throw new WarmbakeError('refused', 'held', `${family.parameter} is ${plan.because}`, {
      hint: 'release it first: warmbake ami release',
    });
  }
  if (dryRun) return { image: image.id, outcome: plan.action === 'write' ? 'planned' : 'unchanged', before };
  if (plan.action === 'write') {
    await markEarlier(account, family, before);
    await write(account, host, { family, image: image.id });
  }
  await markPublished(account, family, image);
  return { image: image.id, outcome: plan.action === 'write' ? 'published' : 'unchanged', before };
}

/** Options of {@link publish}. */
export interface PublishOptions {
  readonly family: FamilySettings;
  readonly image: MachineImage;
  /** Only plan. */
  readonly dryRun: boolean;
}

async function write(
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

/** The run that published the image that is desired so far may have been killed before it could say so. */
async function markEarlier(account: Account, family: FamilySettings, desired: Desired): Promise<void> {
  const earlier = desired.state === 'image' ? await account.images.find(desired.id) : undefined;
  if (earlier !== undefined && belongsTo(earlier, family)) await markPublished(account, family, earlier);
}

async function markPublished(account: Account, family: FamilySettings, image: MachineImage): Promise<void> {
  if (stateOf(image) !== 'candidate') return;
  await account.tagging.set([image.id], { [TAG.family]: family.key, [TAG.state]: 'published' });
}
