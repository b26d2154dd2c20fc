import type { Clock } from '../../src/platform/clock.ts';

/** A clock that a test moves; whoever sleeps wakes when their time has come. */
export interface HandClock extends Clock {
  /** Moves on, and waits until everybody who woke sleeps again: they have done what they had to do by then, however slow the machine is. */
  advance(milliseconds: number): Promise<void>;
  /** Waits until somebody sleeps. */
  somebodySleeps(): Promise<void>;
}

export function handClock(start = '2026-08-21T12:00:00Z'): HandClock {
  let now = Date.parse(start);
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  /** Of those that woke, how many have not lain down again, and who waits for them. */
  let awake = 0;
  let allAsleep = (): void => undefined;
  let lainDown = (): void => undefined;
  return {
    now: () => new Date(now),
    sleep: async (milliseconds, signal) =>
      await new Promise((resolve, reject) => {
        const wake = (): void => {
          signal?.removeEventListener('abort', stop);
          resolve();
        };
        const sleeper = { until: now + milliseconds, wake };
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', stop, { once: true });
        awake = Math.max(0, awake - 1);
        if (awake === 0) allAsleep();
        lainDown();
      }),
    async somebodySleeps() {
      if (sleepers.size === 0) await new Promise<void>((resolve) => (lainDown = resolve));
    },
    async advance(milliseconds) {
      now += milliseconds;
      const due = [...sleepers].filter(({ until }) => until <= now);
      awake = due.length;
      if (due.length === 0) return;
      const again = new Promise<void>((resolve) => (allAsleep = resolve));
      for (const sleeper of due) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await again;
    },
  };
}
