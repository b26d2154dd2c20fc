import type { Clock } from '../../../src/platform/clock.ts';

/** A clock that stands still until somebody sleeps. */
export interface FakeClock extends Clock {
  /** Moves on without a sleep. */
  advance(milliseconds: number): void;
}

/** Starts at `start`; a sleep takes no real time. */
export function fakeClock(start = '2026-08-21T12:00:00Z'): FakeClock {
  let now = Date.parse(start);
  const advance = (milliseconds: number): void => {
    now += milliseconds;
  };
  return {
    now: () => new Date(now),
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      advance(milliseconds);
    },
    advance,
  };
}
