import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Account, Instance } from '../model/account.ts';
import { readDesiredState, readStanding, type Desired, type Standing } from '../model/desired.ts';
import { heldBecause, holdParameter, printHold, printRelease, type HoldState } from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import { belongsTo, imageNamePrefix, type MachineImage } from '../model/machine-image.ts';
import { claimImage } from '../rollout/claim-image.ts';
import { changedMeanwhile } from '../rollout/look-again.ts';
import { markPublished, writeDesired, yieldParameter } from '../rollout/publish.ts';
import { leaveDisks, prepareDisks } from '../rollout/fast-restore.ts';
import { rollWhile } from '../rollout/roll-while.ts';
import { readSettled } from '../rollout/settled-standing.ts';
import { placeRollbackHold, type HoldChange, type HoldTerms } from './place-hold.ts';
import { revoke, unrevoke } from './revocation.ts';
import { planRollback, type RollbackGoal, type RollbackPlan } from './plan.ts';
import { roll, type StackResult } from '../rollout/roll.ts';

/** A rollback before it is done: where to, and from where each stack comes. */
export interface PlannedRollback {
  readonly plan: RollbackPlan;
  readonly parameter: 'changes' | 'stays';
  readonly hold: HoldState;
  readonly stacks: readonly StackResult[];
  /** When the parameter got the image, where it has it already and SSM says so. */
  readonly since?: Date;
}

/** What a rollback did. */
export interface RollbackReport {
  readonly hold: 'written' | 'unchanged';
  readonly parameter: 'written' | 'unchanged';
  readonly stacks: readonly StackResult[];
  readonly revoked: readonly ImageId[];
  /** Instances that still run an image that was left: they end with their jobs, or when they are drained. */
  readonly remaining: readonly Instance[];
  /** How many instances the stacks have, whatever they run. */
  readonly instances: number;
  /** What has changed while the rollback was at work, so that it is not what it promised to be; absent where nothing has. */
  readonly stopped?: WarmbakeError;
}

/** Plans a rollback; changes nothing. Throws `refused` where there is no image to go to. */
export async function prepareRollback(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { family, goal }: { readonly family: FamilySettings; readonly goal: RollbackGoal },
): Promise<PlannedRollback> {
  const [caller, named, desiredState, history] = await Promise.all([
    account.identity.caller(),
    account.images.list(imageNamePrefix(family)),
    readDesiredState(account, family, host.clock.now()),
    account.parameters.history(family.parameter),
  ]);
  const images = named.filter((image) => belongsTo(image, family));
  const plan = planRollback({ family, account: caller.account, images, desiredState, history }, goal);
  const isThere = desiredState.desired.state === 'image' && desiredState.desired.id === plan.to.id;
  return {
    plan,
    parameter: isThere ? 'stays' : 'changes',
    hold: desiredState.hold,
    ...(isThere && desiredState.since !== undefined ? { since: desiredState.since } : {}),
    stacks: await roll(account, host, {
      image: plan.to.id,
      stacks: family.stacks,
      disk: family.disk,
      dryRun: true,
    }),
  };
}

/** Options of {@link rollback}. */
export interface RollbackOptions {
  readonly family: FamilySettings;
  readonly plan: RollbackPlan;
  /** Who, why, and until when the hold stands. */
  readonly terms: HoldTerms;
  /** Whether the images that are left are revoked. */
  readonly revokes: boolean;
  /** Puts back what was written too late, also where the run has lost its lock. Default: the account itself. */
  readonly late?: Account | undefined;
}

/**
 * Goes back: hold, parameter, stacks, revocation. The hold comes first: from then on no job writes the parameter and no cleanup deletes
 * the image, and a rollback that is killed later is found and finished by the same command. What it relies on is looked at again before
 * the parameter, each stack and the revocation. Stacks that fail are in the report; the others go on. Throws `refused` where the image cannot
 * be gone back to any more, or another rollback came in between.
 */
export async function rollback(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { family, plan, terms, revokes, late }: RollbackOptions,
): Promise<RollbackReport> {
  const { to, leaves, unrevoked } = plan;
  const held = await placeRollbackHold(account, host, { family, terms, image: to.id, leaves, late });
  const fit = await requireTarget(account, host, { family, image: to.id, held, by: terms.by });
  const before: Desired = { state: 'image', id: to.id };
  const parameter = await writeHeld(account, host, { family, image: to.id });
  const versions = { hold: held.version };
  await yieldParameter(late ?? account, host, { family, image: to.id, before, versions });
  await markPublished(account, family, fit);
  const premise = { family, image: to.id, standing: standingOf(to.id, { leaves, terms, host, held }) };
  await prepareDisks(account, host, { family, image: to.id, stacks: family.stacks, waitMs: 0 });
  const { stacks, stopped } = await rollWhile(account, host, { premise, stacks: family.stacks, late });
  const revoking = revokes && stopped === undefined ? unrevoked : [];
  const revoked: MachineImage[] = [];
  for (const image of revoking) {
    const done = await revoke(account, host, { image, family, by: terms.by, reason: terms.reason });
    if (done === 'revoked') revoked.push(image);
  }
  const isWhole = stopped === undefined && stacks.every(({ outcome }) => outcome !== 'failed');
  if (isWhole) await leaveDisks(account, host, { family, keep: [to.id] });
  const [instances, ended] = await Promise.all([
    account.instances.list(),
    stopped ?? whyNotHeld(account, host, { family, image: to.id, versions }),
  ]);
  const restored =
    ended === undefined
      ? []
      : await unrevokeDesired(late ?? account, host, { family, revoked, by: terms.by });
  return {
    hold: held.outcome,
    parameter,
    stacks,
    revoked: revoking.map(({ id }) => id).filter((id) => !restored.includes(id)),
    ...instancesOf(instances, { leaves, stacks }),
    ...(ended === undefined ? {} : { stopped: ended }),
  };
}

/** Who made one of them desired while this run was revoking it knew more: its revocation came too late. Answers with those. */
async function unrevokeDesired(
  account: Account,
  host: Pick<Host, 'clock' | 'emit'>,
  {
    family,
    revoked,
    by,
  }: { readonly family: FamilySettings; readonly revoked: readonly MachineImage[]; readonly by: string },
): Promise<readonly ImageId[]> {
  const { desired } = await readStanding(account, family, host.clock.now());
  const late = revoked.filter(({ id }) => desired.state === 'image' && desired.id === id);
  for (const { id } of late) {
    const image = await account.images.find(id);
    if (image !== undefined) await unrevoke(account, host, { image, family, by });
  }
  return late.map(({ id }) => id);
}

function instancesOf(
  everywhere: readonly Instance[],
  { leaves, stacks }: { readonly leaves: readonly ImageId[]; readonly stacks: readonly StackResult[] },
): Pick<RollbackReport, 'remaining' | 'instances'> {
  const living = everywhere.filter(({ state }) => state !== 'shutting-down');
  const groups = new Set(stacks.flatMap((result) => (result.outcome === 'failed' ? [] : [result.group])));
  const isOfStacks = ({ group }: Instance): boolean => group !== undefined && groups.has(group);
  const remaining = living.filter(({ image }) => leaves.includes(image));
  return { remaining, instances: new Set([...remaining, ...living.filter(isOfStacks)]).size };
}

/** The target as it is now that it is held; where it must not run any more, the hold ends again, as nothing has been moved yet. */
async function requireTarget(
  account: Account,
  host: Pick<Host, 'clock'>,
  {
    family,
    image,
    held,
    by,
  }: {
    readonly family: FamilySettings;
    readonly image: ImageId;
    readonly held: HoldChange;
    readonly by: string;
  },
): Promise<MachineImage> {
  const claim = await claimImage(account, host, { id: image, family });
  if (claim.fit) return claim.image;
  if (held.outcome === 'written') {
    const { before } = held;
    const at = host.clock.now();
    const text = before.state === 'held' ? printHold(before.hold) : printRelease({ by, at });
    await account.parameters.put(holdParameter(family), text);
  }
  throw changedMeanwhile(claim.because);
}

/** What the parameters say while the rollback is under way. */
function standingOf(
  image: ImageId,
  {
    leaves,
    terms,
    host,
    held,
  }: {
    readonly leaves: readonly ImageId[];
    readonly terms: HoldTerms;
    readonly host: Pick<Host, 'clock'>;
    readonly held: HoldChange;
  },
): Standing {
  const hold = { image, leaves, ...terms, since: host.clock.now() };
  const versions = { desired: 0, hold: held.version };
  return { desired: { state: 'image', id: image }, hold: { state: 'held', hold }, versions };
}

/** A rollback that somebody has ended is done, but not what it promises. */
async function whyNotHeld(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  {
    family,
    image,
    versions,
  }: {
    readonly family: FamilySettings;
    readonly image: ImageId;
    readonly versions: { readonly hold: number };
  },
): Promise<WarmbakeError | undefined> {
  const [found, { hold }] = await Promise.all([
    account.images.find(image),
    readSettled(account, host, { family, versions }),
  ]);
  // The request of a cleanup whose lock was taken may have landed after every other look.
  if (found === undefined) return changedMeanwhile(`there is no image ${image} any more`);
  if (hold.state === 'held' && hold.hold.image === image) return undefined;
  return changedMeanwhile(`${family.parameter} is ${heldBecause(hold) ?? 'not held any more'}`);
}

/** A job that was about to publish gives way to the hold, but it may write once more before it does. */
const TRIES = 3;

/** Writes the image that is held as the desired one. */
export async function writeHeld(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, image }: { readonly family: FamilySettings; readonly image: ImageId },
): Promise<'written' | 'unchanged'> {
  const { desired } = await readDesiredState(account, family, host.clock.now());
  if (desired.state === 'image' && desired.id === image) return 'unchanged';
  for (let left = TRIES; ; left -= 1) {
    try {
      await writeDesired(account, host, { family, image });
      return 'written';
    } catch (error) {
      const isRace = error instanceof WarmbakeError && error.code === 'parameter-differs';
      if (!isRace || left <= 1) throw error;
    }
  }
}
