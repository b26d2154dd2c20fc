import type { Clock } from '../../src/platform/clock.ts';

/** A clock that a test moves; whoever sleeps wakes when their time has come. */
export interface HandClock extends Clock {
  /** Moves on and lets those who wake do what they do at once. */
  advance(milliseconds: number): Promise<void>;
}

export function handClock(start = '2026-08-21T12:00:00Z'): HandClock {
  let now = Date.parse(start);
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    now: () => new Date(now),
    sleep: async (milliseconds, signal) =>
      await new Promise((resolve, reject) => {
        const sleeper = { until: now + milliseconds, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
      }),
    async advance(milliseconds) {
      now += milliseconds;
      for (const sleeper of sleepers) {
        if (sleeper.until > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      // File systems answer later than timers.
      await new Promise((resolve) => setTimeout(resolve, 30));
    },
  };
}
