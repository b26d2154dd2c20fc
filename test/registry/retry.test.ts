import { assert, double, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { readRefusal, type Setback } from '../../src/registry/refusal.ts';
import { waitBeforeRetry } from '../../src/registry/retry.ts';

const setback: Setback = { state: 'failed', because: '500', transient: true };
const effort = { tries: 1, elapsedMs: 0, patienceMs: 60_000, jitter: 0 };
const now = new Date('2026-01-01T00:00:00Z');

test('waits double, and end after four tries', () => {
  const waits = [1, 2, 3, 4].map((tries) => waitBeforeRetry(setback, { ...effort, tries }));
  expect(waits).toEqual([500, 1000, 2000, undefined]);
});

test('jobs that were refused together come back spread over the second half of the wait, not together', () => {
  const jitters = [0, 0.25, 0.5, 0.75, 1];
  for (const tries of [1, 2, 3]) {
    const waits = jitters.map((jitter) => waitBeforeRetry(setback, { ...effort, tries, jitter })!);
    expect(new Set(waits).size).toBe(jitters.length);
    expect(Math.min(...waits)).toBe(Math.max(...waits) / 2);
  }
});

test('what will not pass is not tried again', () => {
  expect(waitBeforeRetry({ ...setback, transient: false }, effort)).toBeUndefined();
});

test('no wait outlasts the patience, and none is shorter than the registry says', () => {
  assert(
    property(
      integer({ min: 1, max: 5 }),
      integer({ min: 0, max: 100_000 }),
      integer({ min: 0, max: 100_000 }),
      double({ min: 0, max: 1, noNaN: true }),
      integer({ min: 0, max: 100_000 }),
      (tries, elapsedMs, patienceMs, jitter, retryAfterMs) => {
        const wait = waitBeforeRetry({ ...setback, retryAfterMs }, { tries, elapsedMs, patienceMs, jitter });
        if (wait === undefined) return;
        expect(wait).toBeGreaterThanOrEqual(Math.max(retryAfterMs, 250));
        expect(elapsedMs + wait).toBeLessThanOrEqual(patienceMs);
      },
    ),
  );
});

test.each([
  ['7', 7000],
  ['Thu, 01 Jan 2026 00:00:03 GMT', 3000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', undefined],
])('Retry-After: %s', (header, retryAfterMs) => {
  const headers = new Headers({ 'retry-after': header });
  const refusal = readRefusal({ status: 429, statusText: '', headers }, '', { now });
  expect(refusal).toMatchObject({ state: 'throttled', because: '429', retryAfterMs });
});
