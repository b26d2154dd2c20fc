import { expect, it } from 'vitest';
import type { Event } from '../../src/platform/events.ts';
import { sayIfSlow } from '../../src/platform/slow.ts';

/** A clock whose sleepers wake when the test says so. */
function manual() {
  const wake: (() => void)[] = [];
  const events: Event[] = [];
  const clock = {
    now: () => new Date(0),
    sleep: async (_: number, signal?: AbortSignal) =>
      await new Promise<void>((resolve, reject) => {
        wake.push(resolve);
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  };
  return { clock, events, wake, emit: (event: Event) => events.push(event) };
}

it('says nothing about work that ends in time, also where it fails', async () => {
  const host = manual();
  expect(await sayIfSlow(host, 'thinking', Promise.resolve(7))).toBe(7);
  await expect(sayIfSlow(host, 'thinking', Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(host.events).toEqual([]);
});

it('says what it waits for after two seconds', async () => {
  const host = manual();
  let finish: (value: number) => void = () => undefined;
  const work = sayIfSlow(host, 'thinking', new Promise<number>((resolve) => (finish = resolve)));
  host.wake[0]?.();
  await Promise.resolve();
  finish(7);
  expect(await work).toBe(7);
  expect(host.events).toEqual([{ type: 'line', text: '… thinking' }]);
});
