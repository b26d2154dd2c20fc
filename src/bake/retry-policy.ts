import { type RetryChange, ruleOf } from './failure-classes.ts';
import type { Failure } from './failure.ts';

/** One more try. */
export interface Retry {
  readonly delaySeconds: number;
  readonly change: RetryChange;
}

/** Bakes of one target, the first included. */
export const MAX_TRIES = 3;

/**
 * Whether and how to bake again after these failures (in order, all of one target); `undefined` to give up. However reading
 * imported layers fails, the last try does without sources: caches never decide whether an image gets built.
 */
export function decideRetry(failures: readonly Failure[]): Retry | undefined {
  const last = failures.at(-1);
  if (last === undefined || failures.length >= MAX_TRIES) return undefined;
  const policy = ruleOf(last.class);
  const earlier = failures.filter((f) => f.class === last.class).length - 1;
  const delay = policy.delays[earlier];
  const lastChance = delay === undefined || failures.length === MAX_TRIES - 1;
  if (last.importing && lastChance) return { delaySeconds: 0, change: 'without-sources' };
  return delay === undefined ? undefined : { delaySeconds: delay, change: policy.change };
}
