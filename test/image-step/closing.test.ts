import { describe, expect, it } from 'vitest';
import type { Failure } from '../../src/bake/failure.ts';
import type { StepSummary, StreamRecord } from '../../src/bake/record.ts';
import { type ClosedBuild, closingOf, planClosing } from '../../src/image-step/closing.ts';
import { parseReference } from '../../src/registry/reference.ts';
import { digestOf, plansOf, settingsWith } from '../cli/any-plan.ts';
import { contextOf, TRUSTED } from '../refs/any-build.ts';

type Target = ClosedBuild['targets'][number];

const context = contextOf(TRUSTED, '');
if (context === undefined) throw new Error('no build');
const PLACES = { images: 'r.io', cache: 'r.io/caches', path: '' };
const planned = plansOf(context, settingsWith(PLACES, { app: '', worker: 'w', docs: 'd' }), () => ({
  state: 'missing',
}));
const ref = parseReference('r.io/main/images:1');
if (ref === undefined) throw new Error('no reference');

function step(id: string, verdict: StepSummary['verdict']): StepSummary {
  return {
    id,
    name: `[app ${id}/9] RUN make`,
    verdict,
    seconds: 1,
    bytesPulled: 0,
    layersPulled: [],
    logClipped: false,
  };
}

function record(...steps: readonly StepSummary[]): { readonly record: StreamRecord } {
  return {
    record: { totals: {} as StreamRecord['totals'], imports: [], exports: [], images: [], steps, checks: [] },
  };
}

function target(name: string, outcome: Target['outcome'], more: Partial<Target> = {}): Target {
  return { name, outcome, verified: [], promoted: [], failures: [], ...more };
}

const pushed = (digit: string): Pick<Target, 'verified'> => ({
  verified: [{ ref, digest: digestOf(digit) }],
});

function closing(
  targets: readonly Target[],
  seconds = 41.23,
  plan: ClosedBuild['plan'] = { targets: planned },
): string {
  return closingOf({ targets, seconds, plan });
}

const STEPS = record(step('1', 'loaded'), step('2', 'pruned'), step('3', 'executed'));
const COMPILE: Failure = {
  class: 'compile',
  importing: false,
  message: 'exit code: 2',
  step: { name: '[app 2/4] RUN make', log: [] },
};

describe('the last line of a build says', () => {
  it.each<[string, string, string]>([
    [
      'what was built, how much of it was executed, and by which digests it is known',
      closing([
        target('app', 'built', { ...STEPS, ...pushed('a') }),
        target('worker', 'built', { ...record(step('3', 'loaded'), step('4', 'executed')), ...pushed('b') }),
      ]),
      'built app and worker in 41.2 s: 2 steps executed, 2 from the cache; app sha256:aaaaaaaaaaaa, worker sha256:bbbbbbbbbbbb',
    ],
    [
      'what was skipped beside it',
      closing([target('app', 'built', { ...STEPS, ...pushed('a') }), target('docs', 'skipped', pushed('d'))]),
      'built app in 41.2 s: 1 step executed, 2 from the cache; skipped docs; app sha256:aaaaaaaaaaaa, docs sha256:dddddddddddd',
    ],
    [
      'that the image exists',
      closing([target('app', 'skipped', pushed('a'))], 1.04),
      'skipped app in 1.0 s: it exists already; app sha256:aaaaaaaaaaaa',
    ],
    [
      'which name was put right',
      closing([
        target('app', 'skipped', {
          ...pushed('a'),
          promoted: planned[0]!.promotions.map((promotion) => ({
            promotion,
            action: 'move',
            because: 'it is newer',
          })),
        }),
      ]),
      'skipped app in 41.2 s: it exists already; latest moved; app sha256:aaaaaaaaaaaa',
    ],
    [
      'that a local build has nothing but the cache to show',
      closing([target('app', 'built', STEPS)], 754.4),
      'built app in 12 min 34 s: 1 step executed, 2 from the cache; nothing pushed',
    ],
    [
      'by which name an image was left in the engine',
      closing([target('app', 'built', STEPS)], 3, { targets: [{ ...planned[0]!, load: ['app:latest'] }] }),
      'built app in 3.0 s: 1 step executed, 2 from the cache; loaded as app:latest',
    ],
    [
      'which step failed, of which class, and what became of the others',
      closing([
        target('app', 'failed', { failures: [COMPILE] }),
        target('worker', 'canceled'),
        target('docs', 'built', pushed('d')),
      ]),
      'failed after 41.2 s: app at [app 2/4] RUN make (compile): see what the step said above; docs built; worker canceled',
    ],
    [
      'what to do about a failure',
      closing([
        target('app', 'failed', {
          failures: [{ class: 'disk-full', importing: false, message: 'no space' }],
        }),
        target('docs', 'not-started'),
      ]),
      "failed after 41.2 s: app (disk full): free space on the builder's disk: docker buildx prune; docs not started",
    ],
  ])('%s', (_, line, expected) => {
    expect(line).toBe(expected);
  });

  it('no more names than somebody reads', () => {
    const many = Array.from({ length: 12 }, (_, i) => target(`t${i}`, 'skipped', pushed('a')));
    expect(closing(many)).toBe(
      `skipped t0, t1, t2 and 9 more in 41.2 s: they exist already; ${[0, 1, 2, 3].map((i) => `t${i} sha256:aaaaaaaaaaaa`).join(', ')}, …`,
    );
  });
});

it('the last line of a plan says what would be done, and that nothing was', () => {
  const [app, worker, docs] = planned;
  const skipped = { ...worker!, skip: { decision: 'skip', because: 'it exists' } as const };
  expect(planClosing({ targets: [app!, skipped, docs!] })).toBe(
    'planned only: would build app and docs; skip worker; nothing was done',
  );
});
