import { expect, it } from 'vitest';
import { dotenvOf } from '../../src/ci/report/dotenv.ts';
import { outputsOf, type ToldBuild, outputVariables } from '../../src/image-step/outputs.ts';
import { isDigest, requireReference } from '../../src/registry/reference.ts';

const [A = '', B = ''] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`);

function told(
  outcome: ToldBuild['outcome'],
  targets: Readonly<Record<string, readonly string[]>>,
): ToldBuild {
  return {
    outcome,
    targets: Object.entries(targets).map(([name, refs], i) => ({
      name,
      verified: refs.flatMap((ref) => {
        const digest = i === 0 ? A : B;
        return isDigest(digest) ? [{ ref: requireReference(ref), digest }] : [];
      }),
    })),
  };
}

it('an image that was pushed is told by its first name, its digest and all its names', () => {
  const one = told('built', { app: ['r.io/app:0f', 'r.io/app:latest', 'q.io/app:0f'] });
  expect(outputsOf(one)).toEqual([
    ['outcome', 'built'],
    ['image', 'r.io/app:0f'],
    ['digest', A],
    ['tags', 'r.io/app:0f\nr.io/app:latest\nq.io/app:0f'],
  ]);
  expect(dotenvOf(outputVariables(one))).toEqual({
    text: `WARMBAKE_OUTCOME=built
WARMBAKE_IMAGE=r.io/app:0f
WARMBAKE_DIGEST=${A}
WARMBAKE_TAGS=r.io/app:0f r.io/app:latest q.io/app:0f
`,
    leftOut: [],
  });
});

it('of several targets each has its own variables, in capitals; the first that was pushed is the image', () => {
  const several = told('skipped', { docs: [], 'test-ci': ['r.io/app:1'], app: ['r.io/other:1'] });
  expect(Object.fromEntries(outputVariables(several))).toEqual({
    WARMBAKE_OUTCOME: 'skipped',
    WARMBAKE_IMAGE: 'r.io/app:1',
    WARMBAKE_DIGEST: B,
    WARMBAKE_TEST_CI_IMAGE: 'r.io/app:1',
    WARMBAKE_TEST_CI_DIGEST: B,
    WARMBAKE_APP_IMAGE: 'r.io/other:1',
    WARMBAKE_APP_DIGEST: B,
    WARMBAKE_TAGS: 'r.io/app:1 r.io/other:1',
  });
});

it('a build that pushed nothing has an outcome alone', () => {
  expect(outputsOf(told('failed', {}))).toEqual([['outcome', 'failed']]);
  expect(outputVariables(told('built', { app: [] }))).toEqual([['WARMBAKE_OUTCOME', 'built']]);
});

it('where there is too much it is the list of all names that is left out', () => {
  const refs = Array.from({ length: 300 }, (_, i) => `r.io/app:${i}${'x'.repeat(20)}`);
  expect(dotenvOf(outputVariables(told('built', { app: refs }))).leftOut).toEqual(['WARMBAKE_TAGS']);
});
