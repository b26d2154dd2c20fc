import { getEventListeners } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
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
