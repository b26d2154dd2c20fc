import type { RetryErrorInfo, RetryStrategyV2, StandardRetryToken } from '@smithy/types';
import { setTimeout as sleep } from 'node:timers/promises';
import { isThrottled } from './aws-fault.ts';
import { SilentEndpoint } from './aws-handler.ts';
import { lazily } from './lazily.ts';

/** Of a request whose fault may pass, the first one included. */
const TRIES = 8;
/** Of one that nobody answered: whoever is silent for ten seconds twice is not there. */
const SILENT_TRIES = 2;
/** Before the second try and, twice as long each time, before further ones. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Refusals in a row, over all requests to a service and without one answer in between, after which nothing more can be hoped for. */
const MOST_REFUSALS = 150;

/** Options of {@link limitedRetries}. */
export interface LimitOptions {
  readonly signal: AbortSignal;
  /** Called each time that the service refuses a request because there were too many. */
  readonly slowed?: () => void;
}

/**
 * Repetitions for all clients of one service together. Where it refuses because there are too many requests, all of them slow down to what
 * it takes (the SDK's own rate limiter), and each goes on until it is done: such a refusal costs no try, and no quota of retries
 * runs out. Other faults that pass are tried 8 times, silence twice.
 */
export function limitedRetries({ signal, slowed }: LimitOptions): RetryStrategyV2 {
  const load = lazily(async () => {
    // The clients have loaded it by then.
    const { DefaultRateLimiter } = await import('@smithy/core/retry');
    return new DefaultRateLimiter();
  });
  const state = { refusals: 0 };
  const begin = async (tries: number, repetitions: number): Promise<LimitedToken> => {
    await (await load()).getSendToken();
    return tokenOf(tries, repetitions);
  };
  const answered = async (): Promise<void> => {
    state.refusals = 0;
    (await load()).updateClientSendingRate({});
  };
  return {
    acquireInitialRetryToken: async () => await begin(1, 0),
    async refreshRetryTokenForRetry(token, info) {
      const { tries = 1 } = token as Partial<LimitedToken>;
      const repetitions = token.getRetryCount() + 1;
      if (isRefusal(info)) {
        state.refusals += 1;
        (await load()).updateClientSendingRate({ errorType: 'THROTTLING' });
        slowed?.();
        if (state.refusals < MOST_REFUSALS) return await begin(tries, repetitions);
        throw new Error('throttled for too long');
      }
      await answered();
      const most = info.error instanceof SilentEndpoint ? SILENT_TRIES : TRIES;
      if (info.errorType !== 'TRANSIENT' || tries >= most) throw new Error('no further try');
      await sleep(Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS), undefined, { signal });
      return await begin(tries + 1, repetitions);
    },
    recordSuccess: () => void answered(),
  };
}

/** Tries that count, beside all repetitions. */
interface LimitedToken extends StandardRetryToken {
  readonly tries: number;
}

function tokenOf(tries: number, repetitions: number): LimitedToken {
  return { tries, getRetryCount: () => repetitions, getRetryDelay: () => 0, getRetryCost: () => 0 };
}

function isRefusal({ error, errorType }: RetryErrorInfo): boolean {
  return errorType === 'THROTTLING' || isThrottled(error);
}
