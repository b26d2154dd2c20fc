import type { FamilySettings } from '../../config/families.ts';
import type { StateStore } from '../../state/store.ts';
import { readDrains, type PastDrain } from './past-drain.ts';

/** What an estimate is made of. */
export interface DrainFacts {
  /** How long a drain usually takes, in milliseconds; absent where nobody knows. */
  readonly usualMs: number | undefined;
  /** When the old image was left: when the parameter got the desired one. */
  readonly since: Date | undefined;
  readonly now: Date;
  /** Whether every stack launches the desired image: before that old ones come again and again. */
  readonly isRolled: boolean;
}

/**
 * About how long it will be until no instance runs the old image, in milliseconds: the usual drain, less what has passed since the image
 * was left. Absent where one of these is not known, stacks still launch the old image, or a usual drain is over and they run all the same:
 * then this one is none.
 */
export function drainLeftMs({ usualMs, since, now, isRolled }: DrainFacts): number | undefined {
  if (usualMs === undefined || since === undefined || !isRolled) return undefined;
  const leftMs = usualMs - Math.max(0, now.getTime() - since.getTime());
  return leftMs > 0 ? leftMs : undefined;
}

/** The median of how long earlier drains took, in milliseconds; of an even number the longer one of the two in the middle. */
export function medianDrainMs(past: readonly PastDrain[]): number | undefined {
  const took = past.map(({ began, ended }) => ended.getTime() - began.getTime()).toSorted((a, b) => a - b);
  return took[Math.floor(took.length / 2)];
}

/**
 * How long a drain of the family usually takes, in milliseconds, from the change of the parameter until no instance runs the old image:
 * what the configuration says, else what the newest rollouts took that `ami watch` has followed to their end, with a state store.
 * Absent where neither is known, or the store is out of reach: others say that.
 */
export async function usualDrainMs(
  family: Pick<FamilySettings, 'usualDrainMs'>,
  store: StateStore | undefined,
): Promise<number | undefined> {
  if (family.usualDrainMs !== undefined || store === undefined) return family.usualDrainMs;
  return medianDrainMs(await readDrains(store).catch(() => []));
}
