import type { Failure, FailureClass } from './failure.ts';

/** What the next try does differently. */
export type RetryChange = 'none' | 'fresh-credentials' | 'without-donors' | 'without-sources';

/** One more try. */
export interface Retry {
  readonly delaySeconds: number;
  readonly change: RetryChange;
}

/** Bakes of one target, the first included. */
export const MAX_TRIES = 3;

interface RetryRule {
  /** Seconds before each retry; so many failures of this class are forgiven. */
  readonly delays: readonly number[];
  readonly change: RetryChange;
}

const NEVER: RetryRule = { delays: [], change: 'none' };

/** What follows from each class. BuildKit itself has tried 5xx and lost connections again for 7 s before it fails. */
export const RETRY_POLICY = {
  'rate-limit': { delays: [15, 45], change: 'none' },
  'registry-error': { delays: [5, 20], change: 'none' },
  'expired-token': { delays: [0], change: 'fresh-credentials' },
  'cache-import': { delays: [0], change: 'without-donors' },
  quota: NEVER,
  denied: NEVER,
  'disk-full': NEVER,
  engine: NEVER,
  definition: NEVER,
  compile: NEVER,
  sccache: NEVER,
  canceled: NEVER,
  unknown: NEVER,
} as const satisfies Record<FailureClass, RetryRule>;

/**
 * Whether and how to bake again after these failures (in order, all of one target); `undefined` to give up. However reading
 * imported layers fails, the last try does without sources: caches never decide whether an image gets built.
 */
export function decideRetry(failures: readonly Failure[]): Retry | undefined {
  const last = failures.at(-1);
  if (last === undefined || failures.length >= MAX_TRIES) return undefined;
  const policy: RetryRule = RETRY_POLICY[last.class];
  const earlier = failures.filter((f) => f.class === last.class).length - 1;
  const delay = policy.delays[earlier];
  const lastChance = delay === undefined || failures.length === MAX_TRIES - 1;
  if (last.importing && lastChance) return { delaySeconds: 0, change: 'without-sources' };
  return delay === undefined ? undefined : { delaySeconds: delay, change: policy.change };
}
