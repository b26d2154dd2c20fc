import { expect, test } from 'vitest';
import { oneByOne } from '../../../src/ami/warm/one-by-one.ts';
import type { Event } from '../../../src/platform/events.ts';

const MINUTE = 60_000;

/** What each of `targets` may take, where each takes so many minutes by a clock that nothing else moves, and what is told. */
async function timesOf(minutes: number, targets: readonly string[], signal = new AbortController().signal) {
  let time = 0;
  let limit = 0;
  const given: Record<string, number> = {};
  const warnings: string[] = [];
  const host = {
    clock: {
      now: () => new Date(time),
      sleep: async (ms: number) => {
        limit = ms / MINUTE;
        return await new Promise<never>(() => undefined);
      },
    },
    signal,
    emit: (event: Event) => {
      if (event.type === 'warning') warnings.push(event.warning.message);
    },
  };
  await oneByOne(
    host,
    targets.map((target) => ({ target })),
    async (_, { target }) => {
      given[target] = limit;
      time += minutes * MINUTE;
      if (target === 'broken') throw new Error('no such layer');
      await Promise.resolve();
    },
  );
  return { given, warnings };
}

test('a further target that takes long does not cost the image, nor do many of them: the last ones stay cold', async () => {
  expect(await timesOf(13, ['a', 'b', 'c', 'd', 'e'])).toEqual({
    given: { a: 15, b: 15, c: 4 },
    warnings: [
      "'d' is not warm on this image: the targets before it took 30 min",
      "'e' is not warm on this image: the targets before it took 30 min",
    ],
  });
});

test('what goes wrong with one is a warning, and the next one gets its time', async () => {
  expect(await timesOf(1, ['broken', 'b'])).toEqual({
    given: { broken: 15, b: 15 },
    warnings: ["'broken' is not warm on this image: no such layer"],
  });
});

test('a run that is ended ends', async () => {
  const reason = new Error('ended');
  await expect(timesOf(1, ['a'], AbortSignal.abort(reason))).rejects.toBe(reason);
});
