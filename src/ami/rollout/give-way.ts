import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { readDesiredState, type DesiredState } from '../model/desired.ts';
import { parseImageId, type ImageId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { whyUnpublishable } from '../model/unpublishable.ts';
import { claimImage } from './claim-image.ts';
import { roll, type StackResult } from './roll.ts';
import { readStacks } from './stack-facts.ts';

/** What a run that was overtaken has moved. */
export interface Overtaken {
  readonly family: FamilySettings;
  /** What it moved the stacks to. */
  readonly image: ImageId;
  readonly stacks: readonly StackResult[];
}

/** A stack that was put back, or could not be. */
export interface PutBack {
  readonly stack: string;
  readonly image: ImageId;
  readonly result: StackResult;
}

/**
 * A request of a run that was overtaken may have landed after the one that overtook it was done: stacks that launch what this run gave
 * them, though it must not run or another image is held, get what is held, what is desired, or what they had, whichever may run.
 * Only what this run moved is touched, and only where it still launches that.
 */
export async function giveWay(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { family, image, stacks }: Overtaken,
): Promise<readonly PutBack[]> {
  const moved = stacks.filter(({ outcome }) => outcome !== 'unchanged');
  if (moved.length === 0) return [];
  const [state, found] = await Promise.all([
    readDesiredState(account, family, host.clock.now()),
    account.images.find(image),
  ]);
  if (isRight(image, { family, state, found })) return [];
  const back: PutBack[] = [];
  const readings = await readStacks(
    account,
    moved.map(({ stack }) => stack),
    image,
  );
  for (const [index, result] of moved.entries()) {
    const reading = readings[index];
    if (reading?.state === 'unreadable') throw reading.error;
    if (reading?.facts.active?.image !== image) continue;
    const before = result.outcome === 'failed' ? undefined : parseImageId(result.from.image);
    const to = await firstFit(account, host, {
      family,
      candidates: [heldIn(state), desiredIn(state), before],
    });
    if (to === undefined || to === image) continue;
    const [put] = await roll(account, host, {
      image: to,
      stacks: [result.stack],
      disk: family.disk,
      dryRun: false,
    });
    if (put !== undefined) back.push({ stack: result.stack, image: to, result: put });
  }
  return back;
}

function isRight(
  image: ImageId,
  {
    family,
    state,
    found,
  }: {
    readonly family: FamilySettings;
    readonly state: DesiredState;
    readonly found: MachineImage | undefined;
  },
): boolean {
  const isFit = whyUnpublishable(found, { id: image, family, account: found?.owner ?? '' }) === undefined;
  return isFit && (heldIn(state) ?? image) === image;
}

async function firstFit(
  account: Account,
  host: Pick<Host, 'clock'>,
  {
    family,
    candidates,
  }: { readonly family: FamilySettings; readonly candidates: readonly (ImageId | undefined)[] },
): Promise<ImageId | undefined> {
  for (const id of candidates) {
    if (id !== undefined && (await claimImage(account, host, { id, family })).fit) return id;
  }
  return undefined;
}

function heldIn({ hold }: DesiredState): ImageId | undefined {
  return hold.state === 'held' ? hold.hold.image : undefined;
}

function desiredIn({ desired }: DesiredState): ImageId | undefined {
  return desired.state === 'image' ? desired.id : undefined;
}
