import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Account, Instance } from '../model/account.ts';
import { readDesiredState } from '../model/desired.ts';
import type { HoldState } from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import { belongsTo, imageNamePrefix } from '../model/machine-image.ts';
import { placeRollbackHold, type HoldTerms } from './place-hold.ts';
import { markPublished, writeDesired } from '../rollout/publish.ts';
import { revoke } from './revocation.ts';
import { planRollback, type RollbackGoal, type RollbackPlan } from './plan.ts';
import { roll, type StackResult } from '../rollout/roll.ts';

/** A rollback before it is done: where to, and from where each stack comes. */
export interface PlannedRollback {
  readonly plan: RollbackPlan;
  readonly parameter: 'changes' | 'stays';
  readonly hold: HoldState;
  readonly stacks: readonly StackResult[];
}

/** What a rollback did. */
export interface RollbackReport {
  readonly hold: 'written' | 'unchanged';
  readonly parameter: 'written' | 'unchanged';
  readonly stacks: readonly StackResult[];
  readonly revoked: readonly ImageId[];
  /** Instances that still run an image that was left: they end with their jobs, or when they are drained. */
  readonly remaining: readonly Instance[];
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
    stacks: await roll(account, host, { image: plan.to.id, stacks: family.stacks, dryRun: true }),
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
}

/**
 * Goes back: hold, parameter, stacks, revocation. The hold comes first: from then on no job writes the parameter, and a rollback that
 * is killed later is found and finished by the same command. Stacks that fail are in the report; the others go on.
 */
export async function rollback(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { family, plan, terms, revokes }: RollbackOptions,
): Promise<RollbackReport> {
  const { to, leaves, unrevoked } = plan;
  const held = await placeRollbackHold(account, host, { family, terms, image: to.id, leaves });
  const parameter = await goBack(account, host, { family, image: to.id });
  await markPublished(account, family, to);
  const stacks = await roll(account, host, { image: to.id, stacks: family.stacks, dryRun: false });
  const revoking = revokes ? unrevoked : [];
  for (const image of revoking)
    await revoke(account, host, { image, family, by: terms.by, reason: terms.reason });
  const instances = await account.instances.list();
  return {
    hold: held.outcome,
    parameter,
    stacks,
    revoked: revoking.map(({ id }) => id),
    remaining: instances.filter(({ image, state }) => leaves.includes(image) && state !== 'shutting-down'),
  };
}

/** A job that was about to publish gives way to the hold, but it may write once more before it does. */
const TRIES = 3;

async function goBack(
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
