import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { PastParameter } from '../model/account.ts';
import type { DesiredState } from '../model/desired.ts';
import { heldBecause, parseHold, type Hold, type HoldState } from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import { stateOf, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';
import { unrevokeHint, whyUnpublishable } from '../model/unpublishable.ts';

/** What an undo is decided from. */
export interface UndoFacts {
  readonly family: FamilySettings;
  /** Who asks, 12 digits. */
  readonly account: string;
  /** All images of the family. */
  readonly images: readonly MachineImage[];
  readonly desiredState: DesiredState;
  /** Versions of the hold's parameter, newest first. */
  readonly holds: readonly PastParameter[];
  readonly now: Date;
}

/** What puts back what the last rollback changed. */
export interface UndoPlan {
  /** The version of the hold's parameter that the rollback wrote, and its text. */
  readonly undoes: { readonly version: number; readonly text: string };
  /** The hold's version that this was decided from. */
  readonly standing: number;
  /** Where the rollback led. */
  readonly from: ImageId;
  /** What was desired before it. */
  readonly to: MachineImage;
  /** What the hold's parameter said before it; absent where nothing was held. */
  readonly hold?: string;
  /** Images that it revoked. */
  readonly restores: readonly MachineImage[];
}

/**
 * Decides what was before the rollback that stands. An undo that was interrupted is planned again as it was: the hold that it places
 * remembers which rollback it takes back. Throws `refused` where no rollback stands, somebody has changed something since, or what was
 * desired before cannot run.
 */
export function planUndo(facts: UndoFacts): UndoPlan {
  const { family, images, desiredState, holds, now } = facts;
  const { rolled, hold } = standingRollback(facts);
  const first = beginningOf(holds, { rolled, hold });
  const past = holds.find(({ version }) => version === first.version - 1);
  if (past === undefined && first.version > 1)
    throw impossible(`SSM has no version of the hold from before the rollback to ${hold.image ?? ''}`);
  const before = parseHold(past?.value, now);
  const earlier = before.state === 'held' ? before.hold.leaves : undefined;
  const leaves = hold.leaves ?? [];
  const from = hold.image;
  const back =
    before.state === 'held' && earlier !== undefined ? before.hold.image : (leaves.at(-1) ?? hold.image);
  if (from === undefined || back === undefined)
    throw impossible('the hold does not say where the rollback led');
  const { desired } = desiredState;
  const isOwn = desired.state === 'image' && (desired.id === from || desired.id === back);
  if (!isOwn) {
    const is = desired.state === 'image' ? desired.id : 'no image';
    throw impossible(`${family.parameter} is ${is} now, and not ${from}, where the rollback led`);
  }
  const since = (parseHold(first.value, new Date(0)) as { readonly hold: Hold }).hold.since;
  // Another reason may have been given with a longer hold; the revocation has that of its time.
  const said = holds
    .filter(({ version }) => version >= first.version && version <= rolled.version)
    .flatMap(({ value }) => heldIn(value));
  const restores = images.filter(
    (image) =>
      leaves.includes(image.id) &&
      earlier?.includes(image.id) !== true &&
      said.some((one) => isRevokedBy(one, image, since)),
  );
  const to = images.find(({ id }) => id === back);
  requireFit(facts, { back, to, restores });
  return {
    undoes: { version: rolled.version, text: rolled.value },
    standing: holds[0]?.version ?? 0,
    from,
    to: to as MachineImage,
    ...(before.state === 'free' || past === undefined ? {} : { hold: past.value }),
    restores,
  };
}

interface Rolled {
  readonly rolled: PastParameter;
  readonly hold: Hold;
}

/** The rollback that the hold tells of, also where an undo of it was interrupted. */
function standingRollback({ family, desiredState, holds, now }: UndoFacts): Rolled {
  const [newest] = holds;
  const { hold: is } = desiredState;
  const undoes = is.state === 'held' ? is.hold.undoes : undefined;
  const rolled = undoes === undefined ? newest : holds.find(({ version }) => version === undoes);
  const state: HoldState = parseHold(rolled?.value, undoes === undefined ? now : new Date(0));
  if (rolled !== undefined && state.state === 'held' && state.hold.leaves !== undefined)
    return { rolled, hold: state.hold };
  throw impossible(`no rollback stands: ${family.parameter} is ${heldBecause(is) ?? 'not held'}`);
}

/**
 * The version with which the rollback began: the same rollback may have been finished by another run, its hold made longer, or put back
 * by the undo of a further one.
 */
function beginningOf(holds: readonly PastParameter[], { rolled, hold }: Rolled): PastParameter {
  const same = (past: PastParameter | undefined, isExact: boolean): boolean => {
    const state = parseHold(past?.value, new Date(0));
    if (past === undefined || state.state !== 'held' || state.hold.leaves === undefined) return false;
    const { image, leaves, since } = state.hold;
    const isSame = image === hold.image && leaves.join() === (hold.leaves ?? []).join();
    return isSame && (!isExact || since.getTime() === hold.since.getTime());
  };
  const older = holds.filter(({ version }) => version <= rolled.version);
  let first = older.findLast((past) => same(past, true)) ?? rolled;
  for (;;) {
    const before = older.find(({ version }) => version === first.version - 1);
    if (before === undefined || !same(before, false)) return first;
    first = before;
  }
}

function heldIn(value: string): readonly Hold[] {
  const state = parseHold(value, new Date(0));
  return state.state === 'held' && state.hold.leaves !== undefined ? [state.hold] : [];
}

/** By the rollback, and not by somebody who knew more. */
function isRevokedBy({ by, reason }: Hold, image: MachineImage, since: Date): boolean {
  const { tags } = image;
  const at = new Date(tags[TAG.revokedAt] ?? '');
  const isSame = by.startsWith(tags[TAG.revokedBy] ?? '') && reason.startsWith(tags[TAG.reason] ?? '');
  return stateOf(image) === 'revoked' && isSame && at >= since;
}

function requireFit(
  { family, account }: UndoFacts,
  {
    back,
    to,
    restores,
  }: {
    readonly back: ImageId;
    readonly to: MachineImage | undefined;
    readonly restores: readonly MachineImage[];
  },
): void {
  const fault = whyUnpublishable(to, { id: back, family, account });
  const isTakenBack = fault?.code === 'image-revoked' && restores.some(({ id }) => id === back);
  if (fault === undefined || (isTakenBack && to?.availability === 'available')) return;
  throw impossible(fault.because, fault.code === 'image-revoked' ? unrevokeHint(back, family) : undefined);
}

function impossible(because: string, hint?: string): WarmbakeError {
  return new WarmbakeError(
    'refused',
    'nothing-to-undo',
    `${because}; nothing was written`,
    hint === undefined ? {} : { hint },
  );
}
