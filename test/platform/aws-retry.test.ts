import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RetryErrorInfo, RetryStrategyV2 } from '@smithy/types';
import { SilentEndpoint } from '../../src/platform/aws-handler.ts';
import { serviceLimit } from '../../src/platform/aws-limits.ts';
import { limitedRetries } from '../../src/platform/aws-retry.ts';
import type { Event } from '../../src/platform/events.ts';

/** What the SDK tells a strategy of a fault. */
function faultOf(error: Error, errorType: RetryErrorInfo['errorType']): RetryErrorInfo {
  return { error: error as NonNullable<RetryErrorInfo['error']>, errorType };
}

function named(name: string): Error {
  return Object.assign(new Error('said by the test'), { name });
}

const REFUSED = faultOf(named('RequestLimitExceeded'), 'THROTTLING');
const signal = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The result of `work`, however long it waits; nothing sleeps in fact. */
async function sped<T>(work: Promise<T>): Promise<T> {
  const state = { over: false };
  const done = work.finally(() => (state.over = true));
  done.catch(() => undefined);
  while (!state.over) await vi.advanceTimersByTimeAsync(100);
  return await done;
}

/** So many refusals of one request; the answer is how often it was repeated. */
async function refuse(strategy: RetryStrategyV2, times: number): Promise<number> {
  let token = await sped(strategy.acquireInitialRetryToken('aws'));
  for (let time = 0; time < times; time += 1)
    token = await sped(strategy.refreshRetryTokenForRetry(token, REFUSED));
  strategy.recordSuccess(token);
  return token.getRetryCount();
}

describe('throttled is slow, not failed', () => {
  test('a request that is refused forty times is sent once more', async () => {
    expect(await refuse(limitedRetries({ signal }), 40)).toBe(40);
  });

  test('no quota runs out: a thousand refusals with answers in between', async () => {
    const strategy = limitedRetries({ signal });
    for (let request = 0; request < 25; request += 1) expect(await refuse(strategy, 40)).toBe(40);
  });

  test('a service that only refuses is given up in the end', async () => {
    await expect(refuse(limitedRetries({ signal }), 1_000)).rejects.toThrow('throttled for too long');
  });

  test('a code that the SDK does not know as throttling is', async () => {
    const strategy = limitedRetries({ signal });
    const token = await sped(strategy.acquireInitialRetryToken('aws'));
    const refusal = faultOf(named('TooManyUpdates'), 'CLIENT_ERROR');
    expect((await sped(strategy.refreshRetryTokenForRetry(token, refusal))).getRetryCount()).toBe(1);
  });

  test('all requests of a service slow down together, those of another do not', async () => {
    const host = { signal: new AbortController().signal };
    const one = serviceLimit(host, 'CloudFormation', 'us-east-1');
    await refuse(one, 3);
    expect(serviceLimit(host, 'CloudFormation', 'us-east-1')).toBe(one);
    const waits = async (strategy: RetryStrategyV2): Promise<number> => {
      const began = Date.now();
      for (let request = 0; request < 5; request += 1) await sped(strategy.acquireInitialRetryToken('aws'));
      return Date.now() - began;
    };
    expect(await waits(one)).toBeGreaterThan(2_000);
    expect(await waits(serviceLimit(host, 'EC2', 'us-east-1'))).toBeLessThan(1_000);
  });

  test('it says so, once in ten seconds', async () => {
    const events: Event[] = [];
    const clock = { now: () => new Date(0), sleep: async () => undefined };
    const host = {
      signal: new AbortController().signal,
      clock,
      emit: (event: Event) => void events.push(event),
    };
    await refuse(serviceLimit(host, 'CloudFormation', 'us-east-1'), 5);
    expect(events).toEqual([
      { type: 'line', text: '… CloudFormation takes fewer requests than there are: going on at its pace' },
    ]);
  });
});

describe('what is not throttling has an end', () => {
  test('silence is tried twice', async () => {
    const strategy = limitedRetries({ signal });
    const silence = faultOf(new SilentEndpoint('ec2.example'), 'TRANSIENT');
    vi.useRealTimers();
    const token = await strategy.acquireInitialRetryToken('aws');
    const second = await strategy.refreshRetryTokenForRetry(token, silence);
    await expect(strategy.refreshRetryTokenForRetry(second, silence)).rejects.toThrow('no further try');
  });

  test('a mistake is not tried again', async () => {
    const strategy = limitedRetries({ signal });
    const token = await sped(strategy.acquireInitialRetryToken('aws'));
    const mistake = faultOf(new Error('no such thing'), 'CLIENT_ERROR');
    await expect(sped(strategy.refreshRetryTokenForRetry(token, mistake))).rejects.toThrow('no further try');
  });
});
