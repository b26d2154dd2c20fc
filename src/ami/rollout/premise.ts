import { isDeepStrictEqual } from 'node:util';
import type { FamilySettings } from '../../config/families.ts';
import type { Desired, Standing } from '../model/desired.ts';
import { heldBecause, type HoldState } from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { whyUnpublishable } from '../model/unpublishable.ts';

/** What a run has decided on, and relies on as long as it moves stacks. */
export interface Premise {
  readonly family: FamilySettings;
  /** What the stacks get. */
  readonly image: ImageId;
  /** What parameter and hold say while that is right; absent where nobody could read them, and an operator named the image. */
  readonly standing?: Standing;
}

/** The same things, looked at again. */
export interface Facts {
  /** What AWS has under the image's id. */
  readonly found: MachineImage | undefined;
  readonly standing?: Standing;
}

/** What is not as it was, as one phrase; `undefined` where the run may go on. A hold that ended stands against nothing. */
export function whatChanged(
  { family, image, standing: was }: Premise,
  { found, standing: is }: Facts,
): string | undefined {
  const fault = whyUnpublishable(found, { id: image, family, account: found?.owner ?? '' });
  if (fault !== undefined) return fault.because;
  if (was === undefined || is === undefined) return undefined;
  if (isAnotherHold(was.hold, is.hold)) return `${family.parameter} is ${heldBecause(is.hold)}`;
  if (isDeepStrictEqual(was.desired, is.desired)) return undefined;
  return `${family.parameter} ${desiredText(is.desired)}, and not ${image === idOf(was.desired) ? image : 'what it said before'}`;
}

/** A hold of the same image that somebody has made longer is the same one. */
function isAnotherHold(was: HoldState, is: HoldState): boolean {
  if (is.state === 'free') return false;
  if (was.state !== 'held' || is.state !== 'held') return !isDeepStrictEqual(was, is);
  return was.hold.image !== is.hold.image || !isDeepStrictEqual(was.hold.leaves, is.hold.leaves);
}

function idOf(desired: Desired): ImageId | undefined {
  return desired.state === 'image' ? desired.id : undefined;
}

function desiredText(desired: Desired): string {
  if (desired.state === 'image') return `is ${desired.id} now`;
  return desired.state === 'absent' ? 'is gone' : `says '${desired.text}' now`;
}
