import { describe, expect, it } from 'vitest';
import { explain, recordedEnvironments } from './explained.ts';

const recorded = await recordedEnvironments();
const COMMIT = '5f0c2d1e9a7b4c3d8e6f1a2b3c4d5e6f70819203';
const MAIN = `public.ecr.aws/q9t5s3a7/vllm-ci-postmerge-repo:${COMMIT}`;
const OTHER = `public.ecr.aws/q9t5s3a7/vllm-ci-test-repo:${COMMIT}`;

describe('--expect-tag, for CI that computes the tag a second time', () => {
  it.each<[string, string, string, number, string]>([
    ['goes on where both agree', 'main-push', MAIN, 0, ''],
    ['goes on where both agree about a fork', 'pull-request-of-fork', OTHER, 0, ''],
    [
      'stops where the old scripts take a fork for main (B-02)',
      'pull-request-of-fork-main-without-prefix',
      MAIN,
      3,
      `error: this build pushes ${OTHER}, but ${MAIN} is expected (--expect-tag)`,
    ],
    [
      'stops where the old scripts use HEAD as a tag (B-12)',
      'main-by-hand-head',
      MAIN.replace(COMMIT, 'HEAD'),
      3,
      `error: this build pushes ${MAIN}, but ${MAIN.replace(COMMIT, 'HEAD')} is expected (--expect-tag)`,
    ],
    [
      'stops where others pull `latest`, which is moved after the build',
      'main-push',
      MAIN.replace(COMMIT, 'latest'),
      3,
      `error: this build pushes ${MAIN}, but ${MAIN.replace(COMMIT, 'latest')} is expected (--expect-tag)`,
    ],
    [
      'refuses what is no reference',
      'main-push',
      COMMIT,
      2,
      `error: '${COMMIT}' is not a reference of the form host/repository:tag`,
    ],
  ])('%s', async (_, environment, tag, exitCode, said) => {
    const told = await explain(recorded.get(environment) ?? {}, ['--expect-tag', tag]);
    expect([told.exitCode, told.whole.said[0] ?? '']).toEqual([exitCode, said]);
  });

  it('stops a local build, which pushes nothing', async () => {
    const told = await explain({}, ['--expect-tag', MAIN]);
    expect([told.exitCode, told.whole.said[0]]).toEqual([
      3,
      `error: this build pushes nothing, but ${MAIN} is expected (--expect-tag)`,
    ]);
  });
});
