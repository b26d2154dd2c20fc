import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../src/platform/clock.ts';

/** Real time. */
export const clock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => await delay(ms, undefined, signal === undefined ? {} : { signal }),
};
