import { getEventListeners } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { withJoinedSignal } from '../../src/platform/joined-signal.ts';

/** Work that ends only by its signal. */
const untilAborted = async (signal: AbortSignal): Promise<string> => {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  return String(signal.reason);
};

test.each([0, 1])('either of two signals ends the work, with its own reason: the one at %i', async (at) => {
  const controllers = [new AbortController(), new AbortController()];
  const work = withJoinedSignal(
    controllers.map(({ signal }) => signal),
    untilAborted,
  );
  controllers[at]?.abort('interrupted');
  expect(await work).toBe('interrupted');
});

test('work that begins after the interruption is told at once', async () => {
  const late = withJoinedSignal(
    [new AbortController().signal, AbortSignal.abort('interrupted')],
    untilAborted,
  );
  expect(await late).toBe('interrupted');
});

test('any number of questions may wait for the end of the work: Node takes none of them for a leak', async () => {
  const warnings: string[] = [];
  const heard = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', heard);
  await withJoinedSignal([], async (joined) => {
    for (let count = 0; count < 20; count += 1) joined.addEventListener('abort', () => count);
    await setImmediate();
  });
  process.off('warning', heard);
  expect(warnings).toEqual([]);
});

test('nothing is left on the signals, whether the work ends well or not', async () => {
  const { signal } = new AbortController();
  expect(await withJoinedSignal([signal], async () => 7)).toBe(7);
  await expect(
    withJoinedSignal([signal], async () => await Promise.reject(new Error('broken'))),
  ).rejects.toThrow('broken');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('no signal of the program can be collected before it fires: none is made by AbortSignal.any', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const calls = files.filter((file) =>
    readFileSync(path.join('src', file), 'utf8').includes('AbortSignal.any('),
  );
  expect(calls).toEqual([]);
});
