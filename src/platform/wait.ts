import type { Clock } from './clock.ts';

/** How often and how long something is asked for. */
export interface WaitLimits {
  readonly everyMs: number;
  readonly withinMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The first answer of `probe`, asked at once and then again and again; `undefined` where the time runs out first. */
export async function waitFor<T>(
  probe: () => Promise<T | undefined>,
  { everyMs, withinMs, clock, signal }: WaitLimits,
): Promise<T | undefined> {
  const deadline = clock.now().getTime() + withinMs;
  for (;;) {
    const answer = await probe();
    const leftMs = deadline - clock.now().getTime();
    if (answer !== undefined || leftMs <= 0) return answer;
    await clock.sleep(Math.min(everyMs, leftMs), signal);
  }
}
