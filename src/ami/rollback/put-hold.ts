import { isDeepStrictEqual } from 'node:util';
import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account, Parameter } from '../model/account.ts';
import { heldBecause, holdParameter, parseHold, type HoldState } from '../model/hold.ts';
import { changedMeanwhile } from '../rollout/look-again.ts';

/** A write of the hold's parameter. */
export interface HoldWrite {
  readonly family: FamilySettings;
  /** What stood there when it was decided; absent where nothing did. */
  readonly read: Parameter | undefined;
  readonly text: string;
  /** Whose hold, placed at the same time, stands: everybody's, or only that of another rollback. */
  readonly yieldsTo: 'any' | 'rollback';
  /** Puts back what was written over, also where the run has lost its lock. */
  readonly late: Account;
}

/**
 * Writes the hold's parameter; the answer is its version. SSM has no conditional write, but it counts: a hold that somebody placed since
 * it was read is put back. Throws `refused` then.
 */
export async function putHold(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  { family, read, text, yieldsTo, late }: HoldWrite,
): Promise<number> {
  const name = holdParameter(family);
  const version = await account.parameters.put(name, text);
  if (version <= (read?.version ?? 0) + 1) return version;
  const between = await account.parameters.get(`${name}:${version - 1}`);
  const hold = parseHold(between?.value, clock.now());
  // Reads may be a little behind: what stands between may be what was read, or an earlier try of this very write.
  const isKnown = [read?.value, text].some((known) => isSame(hold, parseHold(known, clock.now())));
  const isRollback = hold.state === 'held' && hold.hold.leaves !== undefined;
  const isPassedOver = hold.state === 'free' || isKnown || (yieldsTo === 'rollback' && !isRollback);
  if (between === undefined || isPassedOver) return version;
  await late.parameters.put(name, between.value);
  throw changedMeanwhile(`${family.parameter} is ${heldBecause(hold) ?? 'held'}`);
}

/** Whether they hold the same, whenever that was said. */
function isSame(a: HoldState, b: HoldState): boolean {
  if (a.state !== 'held' || b.state !== 'held') return isDeepStrictEqual(a, b);
  return isDeepStrictEqual({ ...a.hold, since: b.hold.since }, b.hold);
}
