import { isDeepStrictEqual } from 'node:util';
import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import {
  decidePublication,
  readDesiredState,
  type Desired,
  type DesiredState,
  type Standing,
} from '../model/desired.ts';
import { heldBecause } from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import { belongsTo, stateOf, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';
import { whyUnpublishable } from '../model/unpublishable.ts';
import { claimImage, takeMarkOff } from './claim-image.ts';
import { changedMeanwhile } from './look-again.ts';
import { readSettled } from './settled-standing.ts';

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
 * published only when it was. Everything is read again right before the parameter is written, and after. Throws `refused` under a
 * hold, and where image or parameter changed meanwhile.
 */
export async function publish(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, image, dryRun, late = account }: PublishOptions,
): Promise<Published> {
  const planned = await readDesiredState(account, family, host.clock.now());
  const before = planned.desired;
  const plan = requirePublication(image.id, planned, family);
  if (dryRun) return { image: image.id, outcome: plan === 'write' ? 'planned' : 'unchanged', before };
  if (plan === 'write') await markEarlier(account, family, before);
  // The image was looked at before the canary watched it.
  const [now, fit] = await Promise.all([
    readDesiredState(account, family, host.clock.now()),
    requireClaim(account, host, { id: image.id, family }),
  ]);
  const action = requirePublication(image.id, now, family);
  if (action === 'write' && !isDeepStrictEqual(now.desired, before)) {
    throw changedMeanwhile(`${family.parameter} is ${desiredText(now.desired)} now`);
  }
  if (action === 'write') {
    const overtaken = await writeDesired(account, host, { family, image: image.id }).catch(
      (error: unknown) => error,
    );
    // Where a rollback has written it by now, that is the reason to tell.
    await yieldParameter(late, host, { family, image: image.id, before });
    if (overtaken !== undefined) throw overtaken;
  }
  const marked = await markPublished(account, family, fit);
  if (marked !== 'unchanged') await yieldParameter(late, host, { family, image: image.id, before });
  return { image: image.id, outcome: action === 'write' ? 'published' : 'unchanged', before };
}

function requirePublication(
  image: ImageId,
  state: DesiredState,
  family: FamilySettings,
): 'write' | 'nothing' {
  const plan = decidePublication(image, state);
  if (plan.action !== 'refuse') return plan.action;
  throw new WarmbakeError('refused', 'held', `${family.parameter} is ${plan.because}`, {
    hint: 'release it first: warmbake ami release',
  });
}

async function requireClaim(
  account: Account,
  host: Pick<Host, 'clock'>,
  wanted: { readonly id: ImageId; readonly family: FamilySettings },
): Promise<MachineImage> {
  const claim = await claimImage(account, host, wanted);
  if (claim.fit) return claim.image;
  throw new WarmbakeError('refused', claim.code, `${claim.because}, while it was being released`);
}

/** Options of {@link publish}. */
export interface PublishOptions {
  readonly family: FamilySettings;
  readonly image: MachineImage;
  /** Only plan. */
  readonly dryRun: boolean;
  /** Takes back what was written too late, also where the run has lost its lock. Default: the account itself. */
  readonly late?: Account | undefined;
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
 * SSM has no conditional write: what came between reading and writing is found here. A rollback places its hold before it
 * writes, so whichever of the two wrote last, the held image ends up in the parameter; and where the image was revoked or deleted
 * meanwhile, what was desired before does. Throws `refused` then.
 */
export async function yieldParameter(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  {
    family,
    image,
    before,
    versions = {},
  }: {
    readonly family: FamilySettings;
    readonly image: ImageId;
    readonly before: Desired;
    /** Known to the run. */
    readonly versions?: Partial<Standing['versions']>;
  },
): Promise<void> {
  const [{ desired, hold }, found] = await Promise.all([
    readSettled(account, host, { family, versions }),
    account.images.find(image),
  ]);
  const held = hold.state === 'held' ? hold.hold.image : undefined;
  const because = heldBecause(hold);
  const isOwn = desired.state === 'image' && desired.id === image;
  if (because !== undefined && held !== image) {
    if (held !== undefined && isOwn) await writeBack(account, host, { family, image: held });
    throw new WarmbakeError(
      'refused',
      'held',
      `${family.parameter} is ${because}; it came while ${image} was published`,
    );
  }
  const fault = whyUnpublishable(found, { id: image, family, account: found?.owner ?? '' });
  // A cleanup that did not see the parameter yet may have marked it.
  if (fault === undefined) return await takeMarkOff(account, found);
  const earlier = before.state === 'image' && before.id !== image ? before.id : undefined;
  if (earlier !== undefined && isOwn) await writeBack(account, host, { family, image: earlier });
  throw changedMeanwhile(fault.because);
}

/** What is desired again loses the mark of a cleanup first. Where it is gone as well nothing better is known. */
async function writeBack(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, image }: { readonly family: FamilySettings; readonly image: ImageId },
): Promise<void> {
  await claimImage(account, host, { id: image, family });
  await writeDesired(account, host, { family, image });
}

/** The run that published the image that is desired so far may have been killed before it could say so. */
async function markEarlier(account: Account, family: FamilySettings, desired: Desired): Promise<void> {
  const earlier = desired.state === 'image' ? await account.images.find(desired.id) : undefined;
  if (earlier !== undefined && belongsTo(earlier, family)) await markPublished(account, family, earlier);
}

/**
 * Says on a candidate that it was published. EC2 writes tags without conditions: a revocation that came meanwhile is put back, as its other
 * tags tell.
 */
export async function markPublished(
  account: Account,
  family: FamilySettings,
  image: MachineImage,
): Promise<'marked' | 'unchanged'> {
  if (stateOf(image) !== 'candidate') return 'unchanged';
  await account.tagging.set([image.id], { [TAG.family]: family.key, [TAG.state]: 'published' });
  const now = await account.images.find(image.id);
  if (now !== undefined && stateOf(now) === 'revoked' && now.tags[TAG.state] !== 'revoked') {
    await account.tagging.set([image.id], { [TAG.state]: 'revoked', [TAG.before]: 'published' });
  }
  return 'marked';
}

function desiredText(desired: Desired): string {
  if (desired.state === 'image') return desired.id;
  return desired.state === 'absent' ? 'gone' : `'${desired.text}'`;
}
