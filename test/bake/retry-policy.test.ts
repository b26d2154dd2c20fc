import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FailureClass } from '../../src/bake/failure-classes.ts';
import type { Failure } from '../../src/bake/failure.ts';
import { decideRetry, MAX_TRIES } from '../../src/bake/retry-policy.ts';

function failure(failureClass: FailureClass, importing = false): Failure {
  return { class: failureClass, importing, message: '' };
}

it.each([
  [[failure('rate-limit')], 15, 'none'],
  [[failure('rate-limit'), failure('rate-limit')], 45, 'none'],
  [[failure('registry-error')], 5, 'none'],
  [[failure('expired-token')], 0, 'fresh-credentials'],
  [[failure('cache-import', true)], 0, 'without-donors'],
  [[failure('sccache')], 0, 'without-sccache'],
  [[failure('rate-limit'), failure('expired-token')], 0, 'fresh-credentials'],
  [[failure('rate-limit', true)], 15, 'none'],
  [[failure('rate-limit', true), failure('rate-limit', true)], 0, 'without-sources'],
  [[failure('expired-token', true), failure('expired-token', true)], 0, 'without-sources'],
])('a failure that can pass is tried again: %j', (failures, delaySeconds, change) => {
  expect(decideRetry(failures)).toEqual({ delaySeconds, change });
});

/** Of every class there is: whether the same bake can end otherwise a moment later. */
const CAN_PASS = {
  'rate-limit': true,
  'registry-error': true,
  'expired-token': true,
  'cache-import': true,
  quota: false,
  denied: false,
  'tag-not-readable': false,
  'disk-full': false,
  engine: false,
  definition: false,
  compile: false,
  sccache: true,
  unpacking: true,
  canceled: false,
  unknown: false,
} as const satisfies Record<FailureClass, boolean>;
const CLASSES = Object.keys(CAN_PASS) as readonly FailureClass[];

it.each(CLASSES)('a failure is tried again where it can pass, and only there: %s', (failureClass) => {
  expect(decideRetry([failure(failureClass)]) !== undefined).toBe(CAN_PASS[failureClass]);
});

it('credentials that were refused twice are not fetched a third time', () => {
  expect(decideRetry([failure('expired-token'), failure('expired-token')])).toBeUndefined();
});

const anyFailure = fc.record({
  class: fc.constantFrom(...CLASSES),
  importing: fc.boolean(),
  message: fc.constant(''),
});

it('no target is baked more than three times', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(fc.array(anyFailure, { minLength: MAX_TRIES, maxLength: MAX_TRIES + 2 }), (failures) => {
      expect(decideRetry(failures)).toBeUndefined();
    }),
  );
});

it('no build gives up while it could still do without its sources', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyFailure, anyFailure, (first, second) => {
      expect(decideRetry([{ ...first, importing: true }])).toBeDefined();
      expect(decideRetry([first, { ...second, importing: true }])?.change).toBe('without-sources');
    }),
  );
});
