import { expect, it } from 'vitest';
import { FAILURE_CLASSES, ruleOf } from '../../src/bake/failure-classes.ts';
import { failureOf } from '../../src/image-step/build.ts';
import { exitCodeOf } from '../../src/platform/errors.ts';

const OUTSIDE: ReadonlySet<string> = new Set([
  'sccache',
  'rate-limit',
  'expired-token',
  'registry-error',
  'engine',
  'tag-not-readable',
  'unpacking',
]);

/** The generated pipeline tries nothing again that ends so. */
const REFUSED: ReadonlySet<string> = new Set(['quota', 'denied']);

it.each(Object.keys(FAILURE_CLASSES) as readonly (keyof typeof FAILURE_CLASSES)[])(
  'a build that failed by %s ends with the exit code of its class',
  (failureClass) => {
    const failures = [{ class: failureClass, importing: false, message: 'it failed' }];
    const targets = [{ outcome: 'failed', failures }] as const;
    const error = failureOf({ outcome: 'failed', targets });
    expect(error?.code).toBe(`build-${failureClass}`);
    expect(exitCodeOf(error)).toBe(REFUSED.has(failureClass) ? 4 : OUTSIDE.has(failureClass) ? 5 : 6);
  },
);

it.each([
  'rate-limit',
  'expired-token',
  'registry-error',
  'quota',
  'denied',
  'disk-full',
  'engine',
  'unpacking',
] as const)('what fails by %s, outside of the Dockerfile, says what to do', (failureClass) => {
  expect(ruleOf(failureClass).hint).toMatch(/[a-z]{3}/);
});

it('of several failures the one with the highest exit code is told, whatever came after it', () => {
  const failed = (failureClass: keyof typeof FAILURE_CLASSES) => ({
    outcome: 'failed' as const,
    failures: [{ class: failureClass, importing: false, message: `${failureClass} it was` }],
  });
  const targets = [failed('compile'), failed('tag-not-readable')];
  expect(failureOf({ outcome: 'failed', targets })?.message).toBe('compile it was');
  expect(failureOf({ outcome: 'failed', targets: targets.toReversed() })?.message).toBe('compile it was');
});
