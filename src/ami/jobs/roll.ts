import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { readStanding, requireDesired, type Standing } from '../model/desired.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { requireImage } from '../model/unpublishable.ts';
import { leaveDisks, prepareDisks } from '../rollout/fast-restore.ts';
import { rollWhile } from '../rollout/roll-while.ts';
import { roll, type StackResult } from '../rollout/roll.ts';
import { asWriter } from './as-writer.ts';
import type { OpenFamily } from './open-family.ts';
import { worstOf } from './worst-of.ts';

/** What to roll. */
export interface RollRequest {
  /** Another image than the desired one. */
  readonly written?: string;
  /** Only these; empty is all stacks of the family. */
  readonly stacks: readonly string[];
  /** Only plan. */
  readonly dryRun: boolean;
}

/** How it went. */
export interface RolledFamily {
  readonly image: MachineImage;
  readonly stacks: readonly StackResult[];
  /** The worst of what failed; the other stacks went on. */
  readonly error?: WarmbakeError;
}

/**
 * Every stack launches the desired image, or the given one. Throws `usage` for a stack that the family does not have,
 * `refused` where stacks must not run the image or another run is at work.
 */
export async function rollJob(host: Host, open: OpenFamily, request: RollRequest): Promise<RolledFamily> {
  const { family, account } = open;
  const { dryRun } = request;
  const stacks = chooseStacks(family.stacks, request.stacks);
  const standing = await readForRoll(host, open, request);
  const written = request.written ?? requireDesired(standing?.desired ?? { state: 'absent' }, family);
  const image = await requireImage(account, family, { written });
  const job = { job: 'roll', image: image.id, stacks } as const;
  return await asWriter(dryRun, host, { open, job }, async (locked) => {
    if (dryRun) {
      const planned = await roll(locked.account, host, {
        image: image.id,
        stacks,
        disk: family.disk,
        dryRun,
      });
      const error = rollError(planned);
      return { image, stacks: planned, ...(error === undefined ? {} : { error }) };
    }
    const premise = { family, image: image.id, ...(standing === undefined ? {} : { standing }) };
    await prepareDisks(locked.account, host, { family, image: image.id, stacks, waitMs: 0 });
    const rolled = await rollWhile(locked.account, host, { premise, stacks, late: locked.late });
    const error = rollError(rolled.stacks, rolled.stopped);
    if (error === undefined && stacks.length === family.stacks.length)
      await leaveDisks(locked.account, host, { family, keep: [image.id] });
    return { image, stacks: rolled.stacks, ...(error === undefined ? {} : { error }) };
  });
}

/** Parameter and hold; absent where they cannot be read and an image is given: SSM is not needed to bring one to stacks. */
async function readForRoll(
  host: Host,
  { family, account }: OpenFamily,
  { written }: RollRequest,
): Promise<Standing | undefined> {
  try {
    return await readStanding(account, family, host.clock.now());
  } catch (error) {
    if (written === undefined || !(error instanceof WarmbakeError)) throw error;
    warn(host.emit, 'parameter-unread', `going on without parameter and hold: ${error.message}`);
    return undefined;
  }
}

/** The worst of what stacks that failed say, and of what stopped the roll; the same reason is said once. */
export function rollError(
  results: readonly StackResult[],
  stopped?: WarmbakeError,
): WarmbakeError | undefined {
  const errors = [...stackErrors(results), ...(stopped === undefined ? [] : [stopped])];
  return worstOf('stacks', [...new Set(errors)]);
}

/** What the stacks that failed say. */
export function stackErrors(results: readonly StackResult[]): readonly WarmbakeError[] {
  return results.flatMap((result) => (result.outcome === 'failed' ? [result.error] : []));
}

function chooseStacks(all: readonly string[], chosen: readonly string[]): readonly string[] {
  const unknown = chosen.find((stack) => !all.includes(stack));
  if (unknown === undefined) return chosen.length === 0 ? all : [...new Set(chosen)];
  throw new WarmbakeError(
    'usage',
    'stack-unknown',
    `'${unknown}' is not one of the stacks ${all.join(', ')}`,
  );
}
