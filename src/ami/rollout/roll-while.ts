import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { giveWay, type PutBack } from './give-way.ts';
import { claimImage } from './claim-image.ts';
import { changedMeanwhile, lookAgain } from './look-again.ts';
import type { Premise } from './premise.ts';
import { roll, type StackResult } from './roll.ts';

/** How a roll went that stops when its plan is not true any more. */
export interface RolledWhile {
  readonly stacks: readonly StackResult[];
  /** What has changed, or why nobody knows; absent where all was true to the end. */
  readonly stopped?: WarmbakeError;
}

/** Options of {@link rollWhile}. */
export interface RollWhileOptions {
  readonly premise: Premise;
  readonly stacks: readonly string[];
  /** One stack after the other. Default: several at a time. */
  readonly inOrder?: boolean;
  /**
   * What puts back what landed too late, also where the run has lost its lock: whoever has it wants the same. Default: the
   * account itself.
   */
  readonly late?: Account | undefined;
}

/**
 * Takes the image into use, and rolls as long as parameter, hold and image are as they were: looked at right before each stack and at the end. Where they
 * changed, the stacks that are left stay as they are, and what this run moved gives way to what must run.
 */
export async function rollWhile(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { premise, stacks, inOrder = false, late = account }: RollWhileOptions,
): Promise<RolledWhile> {
  const { family, image } = premise;
  const claim = await claimImage(account, host, { id: image, family });
  if (!claim.fit) {
    const stopped = changedMeanwhile(claim.because);
    return { stacks: stacks.map((stack) => ({ stack, outcome: 'failed', error: stopped })), stopped };
  }
  const look = lookAgain(account, host, premise);
  const results = await roll(account, host, {
    image,
    stacks,
    disk: family.disk,
    dryRun: false,
    inOrder,
    before: look,
  });
  const stopped = await whyStopped(look);
  if (stopped === undefined) return { stacks: results };
  if (stopped.kind !== 'refused') return { stacks: results, stopped };
  const back = await giveWay(late, host, { family, image, stacks: results });
  return { stacks: results.map((result) => putBackResult(result, { back, stopped })), stopped };
}

async function whyStopped(look: () => Promise<void>): Promise<WarmbakeError | undefined> {
  try {
    await look();
    return undefined;
  } catch (error) {
    if (error instanceof WarmbakeError) return error;
    throw error;
  }
}

function putBackResult(
  result: StackResult,
  { back, stopped }: { readonly back: readonly PutBack[]; readonly stopped: WarmbakeError },
): StackResult {
  const put = back.find(({ stack }) => stack === result.stack);
  if (put === undefined) {
    // Who overtook this run has changed the group as well: that is no fault of its own.
    const isOvertaken = result.outcome === 'failed' && result.error.code === 'group-differs';
    return isOvertaken ? { stack: result.stack, outcome: 'failed', error: stopped } : result;
  }
  const how =
    put.result.outcome === 'failed'
      ? `could not be given ${put.image}: ${put.result.error.message}`
      : `launches ${put.image} again`;
  const message = `${stopped.message}; '${put.stack}' ${how}`;
  const { kind, code } = put.result.outcome === 'failed' ? put.result.error : stopped;
  return { stack: put.stack, outcome: 'failed', error: new WarmbakeError(kind, code, message) };
}
