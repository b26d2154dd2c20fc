import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Account } from './account.ts';
import { heldBecause, holdParameter, parseHold, type HoldState } from './hold.ts';
import { parseImageId, type ImageId } from './ids.ts';

/** What the parameter says that every stack should run. */
export type Desired =
  | { readonly state: 'image'; readonly id: ImageId }
  | { readonly state: 'absent' }
  /** Something else than an id: a placeholder, say. */
  | { readonly state: 'unusable'; readonly text: string };

/** Desired image and hold, read together. */
export interface DesiredState {
  readonly desired: Desired;
  readonly hold: HoldState;
  /** When the parameter was written last; absent where SSM does not say. */
  readonly since?: Date;
}

/** Desired image and hold with the versions of their parameters, which grow with each write; 0 where there is none. */
export interface Standing extends DesiredState {
  readonly versions: { readonly desired: number; readonly hold: number };
}

/** Reads parameter and hold. */
export async function readDesiredState(
  account: Account,
  family: FamilySettings,
  now: Date,
): Promise<DesiredState> {
  const { versions: _, ...state } = await readStanding(account, family, now);
  return state;
}

/** Reads parameter and hold, and which versions of them these are. */
export async function readStanding(account: Account, family: FamilySettings, now: Date): Promise<Standing> {
  const [desired, hold] = await Promise.all([
    account.parameters.get(family.parameter),
    account.parameters.get(holdParameter(family)),
  ]);
  return {
    desired: parseDesired(desired?.value),
    hold: parseHold(hold?.value, now),
    versions: { desired: desired?.version ?? 0, hold: hold?.version ?? 0 },
    ...(desired?.modifiedAt === undefined ? {} : { since: desired.modifiedAt }),
  };
}

/** Reads the parameter's value. */
export function parseDesired(text: string | undefined): Desired {
  if (text === undefined) return { state: 'absent' };
  const id = parseImageId(text);
  return id === undefined ? { state: 'unusable', text } : { state: 'image', id };
}

/** The desired image. Throws `outside` where the parameter names none. */
export function requireDesired(desired: Desired, family: FamilySettings): ImageId {
  if (desired.state === 'image') return desired.id;
  const says = desired.state === 'absent' ? 'is not there' : `says '${desired.text}', which is not an image`;
  throw new WarmbakeError('outside', 'desired-missing', `parameter ${family.parameter} ${says}`, {
    hint: 'publish an image: warmbake ami publish AMI',
  });
}

/** What publishing an image means. */
export type Publication =
  | { readonly action: 'nothing' }
  | { readonly action: 'write' }
  | { readonly action: 'refuse'; readonly because: string };

/** Whether `image` may become the desired one. What is desired already needs no leave. */
export function decidePublication(image: ImageId, { desired, hold }: DesiredState): Publication {
  if (desired.state === 'image' && desired.id === image) return { action: 'nothing' };
  const because = heldBecause(hold);
  return because === undefined ? { action: 'write' } : { action: 'refuse', because };
}
