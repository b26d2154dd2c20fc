import type { FamilySettings } from '../../config/families.ts';
import type { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import { readDesiredState, type Standing } from '../model/desired.ts';
import { heldBecause, holdParameter, parseHold, printHold, printRelease, type Hold } from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import { belongsTo, imageNamePrefix } from '../model/machine-image.ts';
import { claimImage, type Claim } from '../rollout/claim-image.ts';
import { changedMeanwhile } from '../rollout/look-again.ts';
import { yieldParameter } from '../rollout/publish.ts';
import { rollWhile } from '../rollout/roll-while.ts';
import { roll, type StackResult } from '../rollout/roll.ts';
import { readSettled } from '../rollout/settled-standing.ts';
import { putHold } from './put-hold.ts';
import { unrevoke } from './revocation.ts';
import { writeHeld } from './rollback.ts';
import { planUndo, type UndoPlan } from './undo-plan.ts';

/** An undo before it is done. */
export interface PlannedUndo {
  readonly plan: UndoPlan;
  readonly parameter: 'changes' | 'stays';
  readonly stacks: readonly StackResult[];
}

/** What an undo did. */
export interface UndoReport {
  readonly parameter: 'written' | 'unchanged';
  readonly stacks: readonly StackResult[];
  /** Images whose revocation was taken back. */
  readonly restored: readonly ImageId[];
  /** `pending`: the undo's own hold stands until the same command has finished it. */
  readonly hold: 'put back' | 'released' | 'pending';
  /** What has changed while the undo was at work. */
  readonly stopped?: WarmbakeError;
}

/** Plans an undo; changes nothing. Throws `refused` where there is nothing to undo. */
export async function prepareUndo(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { family }: { readonly family: FamilySettings },
): Promise<PlannedUndo> {
  const now = host.clock.now();
  const [caller, named, desiredState, holds] = await Promise.all([
    account.identity.caller(),
    account.images.list(imageNamePrefix(family)),
    readDesiredState(account, family, now),
    account.parameters.history(holdParameter(family)),
  ]);
  const images = named.filter((image) => belongsTo(image, family));
  const plan = planUndo({ family, account: caller.account, images, desiredState, holds, now });
  const isThere = desiredState.desired.state === 'image' && desiredState.desired.id === plan.to.id;
  return {
    plan,
    parameter: isThere ? 'stays' : 'changes',
    stacks: await roll(account, host, {
      image: plan.to.id,
      stacks: family.stacks,
      disk: family.disk,
      dryRun: true,
    }),
  };
}

/** Options of {@link undo}. */
export interface UndoOptions {
  readonly family: FamilySettings;
  readonly plan: UndoPlan;
  readonly by: string;
  readonly reason: string;
  /** Puts back what was written too late, also where the run has lost its lock. Default: the account itself. */
  readonly late?: Account | undefined;
}

/**
 * Puts back what a rollback changed: revocations, parameter, stacks, and at last the hold. Its own hold comes first and remembers which
 * rollback is taken back: nothing is published or deleted meanwhile, and one that is killed is finished by the same command. Stacks that
 * fail are in the report, and the own hold stands until they are done. Throws `refused` where somebody changed something meanwhile.
 */
export async function undo(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { family, plan, by, reason, late = account }: UndoOptions,
): Promise<UndoReport> {
  const { to, restores, undoes } = plan;
  const image = to.id;
  const own: Hold = { image, by, reason, since: host.clock.now(), undoes: undoes.version };
  const held = await placeOwn(account, host, { family, own, late, standing: plan.standing });
  const first = await claimImage(account, host, { id: image, family });
  const isRevoked = !first.fit && first.code === 'image-revoked';
  if (!isRevoked) await requireClaim(first, { family, undoes, late });
  for (const one of restores) await unrevoke(account, host, { image: one, family, by });
  await requireClaim(await claimSettled(account, host, { family, image }), { family, undoes, late });
  const parameter = await writeHeld(account, host, { family, image });
  const desired = { state: 'image', id: image } as const;
  await yieldParameter(late, host, { family, image, before: desired, versions: { hold: held } });
  const versions = { desired: 0, hold: held };
  const standing: Standing = { desired, hold: { state: 'held', hold: own }, versions };
  const premise = { family, image, standing };
  const { stacks, stopped } = await rollWhile(account, host, { premise, stacks: family.stacks, late });
  const report = { parameter, stacks, restored: restores.map(({ id }) => id) };
  if (stopped !== undefined) return { ...report, hold: 'pending', stopped };
  if (stacks.some(({ outcome }) => outcome === 'failed')) return { ...report, hold: 'pending' };
  return { ...report, ...(await endHold(account, host, { family, plan, by, own, late })) };
}

/** The version of the undo's own hold. One of an undo that was interrupted stays. */
async function placeOwn(
  account: Account,
  host: Pick<Host, 'clock'>,
  { family, own, late, standing }: Pick<UndoOptions, 'family'> & Pick<UndoPlan, 'standing'> & OwnHold,
): Promise<number> {
  const read = await account.parameters.get(holdParameter(family));
  const is = parseHold(read?.value, host.clock.now());
  if (read !== undefined && isOwn(is, own)) return read.version;
  if (read !== undefined && read.version > standing)
    throw changedMeanwhile(`${family.parameter} is ${heldBecause(is) ?? 'not held any more'}`);
  return await putHold(account, host, { family, read, text: printHold(own), yieldsTo: 'any', late });
}

function isOwn(is: ReturnType<typeof parseHold>, own: Hold): boolean {
  return is.state === 'held' && is.hold.undoes === own.undoes && is.hold.image === own.image;
}

/** How long reads of tags may be behind. */
const SETTLE = { everyMs: 1_000, withinMs: 30_000 };

/** Tags may be a little behind: the revocation that was just taken back may still be there. */
async function claimSettled(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, image }: { readonly family: FamilySettings; readonly image: ImageId },
): Promise<Claim> {
  const claim = async () => await claimImage(account, host, { id: image, family });
  const settled = async () => {
    const claimed = await claim();
    return !claimed.fit && claimed.code === 'image-revoked' ? undefined : claimed;
  };
  return (await waitFor(settled, { ...SETTLE, clock: host.clock, signal: host.signal })) ?? (await claim());
}

/** Where the image cannot be taken into use the rollback's hold comes back, as nothing has been moved yet. */
async function requireClaim(
  claim: Claim,
  { family, undoes, late }: Pick<UndoOptions, 'family'> & Pick<UndoPlan, 'undoes'> & Pick<OwnHold, 'late'>,
): Promise<void> {
  if (claim.fit) return;
  await late.parameters.put(holdParameter(family), undoes.text);
  throw changedMeanwhile(claim.because);
}

/** Puts back the hold that stood before the rollback, or ends the own one; then looks whether all is as promised. */
async function endHold(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, plan, by, own, late }: Pick<UndoOptions, 'family' | 'plan' | 'by'> & OwnHold,
): Promise<Pick<UndoReport, 'hold' | 'stopped'>> {
  const read = await account.parameters.get(holdParameter(family));
  const is = parseHold(read?.value, host.clock.now());
  if (!isOwn(is, own)) {
    const now = heldBecause(is) ?? 'not held any more';
    return { hold: 'pending', stopped: changedMeanwhile(`${family.parameter} is ${now}`) };
  }
  const text = plan.hold ?? printRelease({ by, at: host.clock.now() });
  const version = await putHold(account, host, { family, read, text, yieldsTo: 'any', late });
  const { desired, versions } = await readSettled(account, host, { family, versions: { hold: version } });
  const hold = plan.hold === undefined ? 'released' : 'put back';
  const isThere = desired.state === 'image' && desired.id === plan.to.id;
  if (isThere && versions.hold === version) return { hold };
  const what = isThere ? 'is held by somebody else now' : `is not ${plan.to.id} any more`;
  return { hold, stopped: changedMeanwhile(`${family.parameter} ${what}`) };
}

interface OwnHold {
  readonly own: Hold;
  readonly late: Account;
}
