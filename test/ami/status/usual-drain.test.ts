import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noteDrain, readDrains, type PastDrain } from '../../../src/ami/status/past-drain.ts';
import { drainLeftMs, medianDrainMs, usualDrainMs } from '../../../src/ami/status/usual-drain.ts';
import type { Event } from '../../../src/platform/events.ts';
import { memoryStore } from '../memory-store.ts';

const MINUTE = 60_000;
const NOON = new Date('2026-08-21T12:00:00Z');

function past(minutes: number, daysAgo = 0): PastDrain {
  const began = new Date(NOON.getTime() - daysAgo * 1_440 * MINUTE);
  const ended = new Date(began.getTime() + minutes * MINUTE);
  return { image: 'ami-00000000000000001', instances: 214, began, ended };
}

describe('how long a drain usually takes', () => {
  test.each([
    ['nobody knows without a rollout that was watched', [], undefined],
    ['the only one is the usual one', [25], 25],
    ['one that took a night does not count for the others', [24, 600, 25, 26, 23], 25],
    ['of two it is the longer one', [20, 30], 30],
  ])('%s', (_, minutes, expected) => {
    const usual = medianDrainMs(minutes.map((each) => past(each)));
    expect(usual).toBe(expected === undefined ? undefined : expected * MINUTE);
  });

  test('is what the configuration says, else what watches have noted, the newest nine', async () => {
    const store = memoryStore();
    const host = { emit: () => undefined };
    expect(await usualDrainMs({}, store)).toBeUndefined();
    for (let day = 20; day > 9; day -= 1) await noteDrain(store, host, past(200, day));
    for (let day = 9; day > 0; day -= 1) await noteDrain(store, host, past(20 + day, day));
    expect(await readDrains(store)).toHaveLength(9);
    expect(await usualDrainMs({}, store)).toBe(25 * MINUTE);
    expect(await usualDrainMs({ usualDrainMs: 7 }, store)).toBe(7);
    expect(await usualDrainMs({}, undefined)).toBeUndefined();
  });

  test('is read past notes that are none', async () => {
    const store = memoryStore();
    await store.write('drains/20260821T120000000Z-x.json', 'not JSON', { expected: undefined });
    const backwards = { ...past(5), ended: new Date(0) };
    await store.write('drains/20260821T120000001Z-x.json', JSON.stringify(backwards), {
      expected: undefined,
    });
    expect(await usualDrainMs({}, store)).toBeUndefined();
  });

  test('is not known where the store is out of reach, and what cannot be noted is a warning', async () => {
    const broken = {
      ...memoryStore(),
      keys: async () => await Promise.reject(new Error('no route to S3')),
      write: async () => await Promise.reject(new Error('no route to S3')),
    };
    expect(await usualDrainMs({}, broken)).toBeUndefined();
    const events: Event[] = [];
    await noteDrain(broken, { emit: (event) => void events.push(event) }, past(25));
    expect(events).toMatchObject([{ type: 'warning', warning: { code: 'drain-unnoted' } }]);
  });
});

test('an estimate is never longer than a usual drain, and never negative', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1 }), (passed, usualMs) => {
      const facts = { usualMs, since: NOON, isRolled: true };
      const leftMs = drainLeftMs({ ...facts, now: new Date(NOON.getTime() + passed) });
      expect(leftMs === undefined || (leftMs > 0 && leftMs <= usualMs)).toBe(true);
      expect(leftMs === undefined).toBe(passed >= usualMs);
    }),
  );
});
