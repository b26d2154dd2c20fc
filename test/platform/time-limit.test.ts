import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { OutOfTime, within } from '../../src/platform/time-limit.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { whileCollecting } from './collected.ts';

const never = new Promise<never>(() => undefined);

test('work that is done in time gives its result, and leaves nothing on the signal', async () => {
  const { signal } = new AbortController();
  expect(await within(60_000, async () => 7, { clock, signal })).toBe(7);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('work that takes too long is told to stop, and not waited for', async () => {
  const { signal } = new AbortController();
  let told: AbortSignal | undefined;
  const work = within(20, (stop) => ((told = stop), never), { clock, signal });
  await expect(work).rejects.toThrow('no answer within 0.02 s');
  expect(told?.reason).toBeInstanceOf(OutOfTime);
});

test('an interruption ends it with its own reason', async () => {
  const interrupt = new AbortController();
  const work = within(60_000, () => never, { clock, signal: interrupt.signal });
  interrupt.abort(new Error('SIGTERM'));
  await expect(work).rejects.toThrow('SIGTERM');
  await expect(within(60_000, () => never, { clock, signal: interrupt.signal })).rejects.toThrow('SIGTERM');
});

test('the time runs out although memory is collected meanwhile', async () => {
  const { signal } = new AbortController();
  // Nothing but the limit knows of this work: exactly what a collector takes away too early (nodejs/node#57736).
  const work = within(
    100,
    async (stop) =>
      await new Promise<never>((_resolve, reject) => {
        stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
      }),
    { clock, signal },
  );
  await expect(whileCollecting(work)).rejects.toThrow('no answer within 0.1 s');
});
