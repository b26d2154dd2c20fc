import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { PastParameter } from '../model/account.ts';
import { unrevokeHint, whyUnpublishable } from '../model/unpublishable.ts';
import type { DesiredState } from '../model/desired.ts';
import type { ImageId } from '../model/ids.ts';
import { newestFirst, stateOf, type MachineImage } from '../model/machine-image.ts';

/** What a rollback is decided from. */
export interface RollbackFacts {
  readonly family: FamilySettings;
  /** Who asks, 12 digits. */
  readonly account: string;
  /** All images of the family. */
  readonly images: readonly MachineImage[];
  readonly desiredState: DesiredState;
  /** The parameter's versions. */
  readonly history: readonly PastParameter[];
}

/** How far back: to an image, or so many good images before the one where the rollback began. */
export type RollbackGoal =
  | { readonly kind: 'last-good' }
  | { readonly kind: 'image'; readonly id: ImageId }
  | { readonly kind: 'steps'; readonly steps: number };

/** Where to go, and what that leaves behind. */
export interface RollbackPlan {
  readonly to: MachineImage;
  /** Images that this rollback and those before it under the same hold left; first the one where it began. */
  readonly leaves: readonly ImageId[];
  /** Those of them that are newer than `to` and not revoked yet. */
  readonly unrevoked: readonly MachineImage[];
  /** The next good image before `to`. */
  readonly further?: MachineImage;
}

/**
 * Decides where a rollback goes. It counts from the image where the standing rollback began, which the hold remembers: so the
 * same command twice is the same rollback, and one that was killed is finished. Throws `refused` with what is possible.
 */
export function planRollback(facts: RollbackFacts, goal: RollbackGoal): RollbackPlan {
  const { desiredState } = facts;
  const images = newestFirst(facts.images);
  const good = images.filter((image) => isGood(image, facts));
  const desired = desiredState.desired.state === 'image' ? desiredState.desired.id : undefined;
  const left = leftSoFar(desiredState);
  const began = images.find(({ id }) => id === (left[0] ?? desired));
  const isEarlier = (image: MachineImage): boolean => began === undefined || isBefore(image, began);
  // What this rollback has left and revoked still counts as a step.
  const steps = images.filter(
    (image) => isEarlier(image) && (good.includes(image) || left.includes(image.id)),
  );

  const wanted = wantedBy(goal, { desiredState, left, good, steps });
  const to = good.find(({ id }) => id === wanted);
  if (to === undefined)
    throw impossible(facts, {
      wanted,
      possible: good.filter(({ id }) => id !== desired),
      ...(goal.kind === 'steps' ? { steps: goal.steps, earlier: steps.length } : {}),
    });
  const leaves = [...new Set([...left, ...(desired === undefined ? [] : [desired])])].filter(
    (id) => id !== to.id,
  );
  const further = good.find((image) => isBefore(image, to));
  return {
    to,
    leaves,
    unrevoked: images.filter(
      (image) => leaves.includes(image.id) && isBefore(to, image) && stateOf(image) !== 'revoked',
    ),
    ...(further === undefined ? {} : { further }),
  };
}

/**
 * What is not as it was when somebody was shown the plan, as one phrase; `undefined` where the same is done as was shown. Less to
 * revoke is the same: another try of this rollback has been there.
 */
export function planChange(shown: RollbackPlan, now: RollbackPlan): string | undefined {
  if (now.to.id !== shown.to.id) return `the way back leads to ${now.to.id} now, not to ${shown.to.id}`;
  const more = [...now.leaves, ...now.unrevoked.map(({ id }) => id)].find(
    (id) => !shown.leaves.includes(id) && !shown.unrevoked.some((image) => image.id === id),
  );
  return more === undefined ? undefined : `${more} would be left now, which nobody was told`;
}

/** Published according to its state, or to the parameter's history where the run that published it was killed. */
function isGood(image: MachineImage, { family, account, history }: RollbackFacts): boolean {
  const was = stateOf(image) === 'published' || history.some(({ value }) => value === image.id);
  return was && whyUnpublishable(image, { id: image.id, family, account }) === undefined;
}

/** Empty where no rollback stands, or somebody has written the parameter since. */
function leftSoFar({ desired, hold }: DesiredState): readonly ImageId[] {
  if (hold.state !== 'held' || desired.state !== 'image') return [];
  const { image, leaves = [] } = hold.hold;
  return desired.id === image || leaves.includes(desired.id) ? leaves : [];
}

function wantedBy(
  goal: RollbackGoal,
  {
    desiredState: { hold },
    left,
    good,
    steps,
  }: {
    readonly desiredState: DesiredState;
    readonly left: readonly ImageId[];
    readonly good: readonly MachineImage[];
    readonly steps: readonly MachineImage[];
  },
): ImageId | undefined {
  if (goal.kind === 'image') return goal.id;
  if (goal.kind === 'steps') return steps[goal.steps - 1]?.id;
  const held = left.length > 0 && hold.state === 'held' ? hold.hold.image : undefined;
  // The image of a standing rollback may have been revoked or deleted since.
  return good.some(({ id }) => id === held) ? held : steps[0]?.id;
}

/** Whether `image` is older than `other`. */
function isBefore(image: MachineImage, other: MachineImage): boolean {
  return image !== other && newestFirst([image, other])[1] === image;
}

/** Images that are named where a rollback is impossible, the newest of them. */
const LISTED = 5;

interface Impossible {
  readonly wanted: ImageId | undefined;
  readonly possible: readonly MachineImage[];
  /** How many steps were asked for, and how many earlier images there are; absent where nobody counted. */
  readonly steps?: number;
  readonly earlier?: number;
}

function impossible(
  { images, family, account }: RollbackFacts,
  { wanted, possible, steps = 0, earlier = 0 }: Impossible,
): WarmbakeError {
  const image = images.find(({ id }) => id === wanted);
  const fault = wanted === undefined ? undefined : whyUnpublishable(image, { id: wanted, family, account });
  const because =
    wanted !== undefined
      ? (fault?.because ?? `${wanted} was never published`)
      : steps > earlier && earlier > 0
        ? `${steps} steps back are too many: ${earlier === 1 ? 'there is 1 earlier good image' : `there are ${earlier} earlier good images`}`
        : 'there is no earlier image that is published, available and not revoked';
  const more = possible.length - LISTED;
  const list = [
    ...possible.slice(0, LISTED).map(({ id, name }) => `  ${id}  ${name}`),
    ...(more > 0 ? [`  and ${more} more: warmbake ami list --family ${family.key}`] : []),
  ].join('\n');
  const another = 'name one of them: warmbake ami rollback --to AMI --reason …';
  const hints = [
    ...(list === '' ? [] : [another]),
    ...(wanted !== undefined && fault?.code === 'image-revoked' ? [unrevokeHint(wanted, family)] : []),
  ];
  return new WarmbakeError(
    'refused',
    'no-way-back',
    `${because}; nothing was written. ${list === '' ? 'There is no image to go to' : `Possible:\n${list}`}`,
    hints.length === 0 ? {} : { hint: hints.join('; ') },
  );
}
