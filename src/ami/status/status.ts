import { condemnedOf, type Condemned } from '../model/condemned.ts';
import type { Desired } from '../model/desired.ts';
import { driftOf, type Drift } from './drift.ts';
import type { StackReading } from '../rollout/stack-facts.ts';
import type { Fleet } from './fleet.ts';
import type { HoldState } from '../model/hold.ts';
import { stateOf, type ImageState, type MachineImage } from '../model/machine-image.ts';
import { decideRetention, type RetentionVerdict } from '../retention/retention.ts';
import { launchesImage, planStack } from '../rollout/stack-plan.ts';
import { TAG } from '../model/tags.ts';
import { drainLeftMs } from './usual-drain.ts';

/** A family as an operator sees it. */
export interface FamilyStatus {
  readonly key: string;
  readonly region: string;
  readonly parameter: string;
  readonly desired: Desired & { readonly image?: ImageSummary };
  readonly hold: HoldState;
  readonly stacks: readonly StackStatus[];
  readonly instances: readonly InstanceStatus[];
  readonly images: readonly ImageStatus[];
  /** How long a drain usually takes, in milliseconds; absent where nobody knows. */
  readonly usualDrainMs?: number;
  /** About how long it will be until no instance runs another image, in milliseconds; absent where that cannot be known. */
  readonly drainLeftMs?: number;
  readonly drift: readonly Drift[];
  /** What could not be read about use: a cleanup would delete nothing. */
  readonly missing: readonly string[];
}

/** What is worth telling of an image. */
export interface ImageSummary {
  readonly id: string;
  readonly name: string;
  readonly created: Date;
  readonly ageMs: number;
  readonly state: ImageState;
  /** EC2's state: only `available` can be launched. */
  readonly availability: string;
  readonly commit?: string;
  readonly warmth?: string;
  /** What its disk brought an instance, where a job has measured it. */
  readonly disk?: string;
  /** What its canary found, where it found it at fault: `failed TIME: why`, or `proven TIME` by a later try. */
  readonly canary?: string;
  readonly revokedBy?: string;
  readonly reason?: string;
}

export interface ImageStatus extends ImageSummary {
  readonly snapshots: readonly string[];
  readonly gibibytes: number;
  /** What a cleanup would do: `keep` with the reasons, which name all uses. */
  readonly keep: boolean;
  readonly because: readonly string[];
  /** Of one that a cleanup has marked: since when, and from when on one may delete it. */
  readonly condemned?: Condemned;
}

export interface StackStatus {
  readonly name: string;
  readonly template?: string;
  readonly group?: string;
  readonly activeVersion?: number;
  readonly activeImage?: string;
  readonly latestVersion?: number;
  readonly latestImage?: string;
  readonly ageMs?: number;
  readonly commit?: string;
  readonly inSync: boolean;
}

export interface InstanceStatus {
  readonly id: string;
  readonly image: string;
  readonly state: string;
  readonly stack?: string;
  readonly upMs: number;
}

/** Says what a fleet is like. `usualMs` is how long a drain of it usually takes. */
export function statusOf(fleet: Fleet, usualMs = fleet.family.usualDrainMs): FamilyStatus {
  const { family, at, desiredState, desired, usage } = fleet;
  const stacks = fleet.stacks.map((stack) => stackStatus(stack, fleet));
  const instances = instancesOf(fleet);
  const image = desired === undefined ? {} : { image: summaryOf(desired, at) };
  return {
    key: family.key,
    region: family.region,
    parameter: family.parameter,
    desired: { ...desiredState.desired, ...image },
    hold: desiredState.hold,
    stacks,
    instances,
    images: imagesOf(fleet),
    ...withoutAbsent({ usualDrainMs: usualMs, drainLeftMs: leftOf(fleet, { stacks, instances, usualMs }) }),
    drift: driftOf(fleet),
    missing: usage.complete ? [] : usage.missing,
  };
}

function leftOf(
  { desiredState: { desired, since }, at: now }: Fleet,
  {
    stacks,
    instances,
    usualMs,
  }: Pick<FamilyStatus, 'stacks' | 'instances'> & { readonly usualMs: number | undefined },
): number | undefined {
  const isOver = instances.every(({ image }) => desired.state === 'image' && image === desired.id);
  const isRolled = desired.state === 'image' && stacks.every(({ activeImage }) => activeImage === desired.id);
  return isOver ? undefined : drainLeftMs({ usualMs, since, now, isRolled });
}

/** What is told of one image. */
export function summaryOf(image: MachineImage, at: Date): ImageSummary {
  const { tags } = image;
  const told = {
    commit: tags[TAG.commit],
    warmth: tags[TAG.warmth],
    disk: tags[TAG.disk],
    canary: tags[TAG.canary],
    revokedBy: tags[TAG.revokedBy],
    reason: tags[TAG.reason],
  };
  return {
    id: image.id,
    name: image.name,
    created: image.createdAt,
    ageMs: at.getTime() - image.createdAt.getTime(),
    state: stateOf(image),
    availability: image.availability,
    ...withoutAbsent(told),
  };
}

function imagesOf({ images, usage, family, at }: Fleet): readonly ImageStatus[] {
  const uses = usage.complete ? usage.images : new Map();
  return decideRetention(images, uses, { settings: family.keep, now: at }).map((verdict) => ({
    ...summaryOf(verdict.image, at),
    snapshots: verdict.image.snapshots.map(({ id }) => id),
    gibibytes: verdict.image.snapshots.reduce((sum, { gibibytes }) => sum + gibibytes, 0),
    ...fateOf(verdict, usage.complete),
    ...withoutAbsent({ condemned: condemnedOf(verdict.image, at) }),
  }));
}

function fateOf(verdict: RetentionVerdict, complete: boolean): Pick<ImageStatus, 'keep' | 'because'> {
  if (!complete) return { keep: true, because: ['what is in use could not be read'] };
  return verdict.keep
    ? { keep: true, because: verdict.because }
    : { keep: false, because: ['not needed any more'] };
}

function stackStatus(stack: StackReading, { images, desiredState, at }: Fleet): StackStatus {
  if (stack.state === 'unreadable') return { name: stack.name, inSync: false };
  const { facts } = stack;
  const { latest } = facts;
  const { desired } = desiredState;
  const launched = images.find(({ id }) => id === facts.active?.image);
  return {
    name: facts.name,
    inSync: desired.state === 'image' && launchesImage(planStack(facts, desired.id)),
    ...withoutAbsent({
      template: facts.template,
      group: facts.groupName,
      activeVersion: facts.active?.number,
      activeImage: facts.active?.image,
      latestVersion: latest?.number,
      latestImage: latest?.image,
      ageMs: launched === undefined ? undefined : at.getTime() - launched.createdAt.getTime(),
      commit: launched?.tags[TAG.commit],
    }),
  };
}

function instancesOf({ instances, stacks, at }: Fleet): readonly InstanceStatus[] {
  const stackOf = new Map(
    stacks.flatMap((stack) =>
      stack.state === 'read' ? [[stack.facts.groupName, stack.facts.name] as const] : [],
    ),
  );
  return instances.map(({ id, image, state, group, launchedAt }) => ({
    id,
    image,
    state,
    upMs: at.getTime() - launchedAt.getTime(),
    ...withoutAbsent({ stack: group === undefined ? undefined : stackOf.get(group) }),
  }));
}

/** Without members that are not there. */
function withoutAbsent<T extends object>(members: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
