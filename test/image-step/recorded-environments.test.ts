import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES, explain, recordedEnvironments, written } from './explained.ts';

const recordings = await Promise.all(
  [...(await recordedEnvironments())].map(async ([name, env]) => [name, await explain(env)] as const),
);

describe('a recorded Buildkite environment gives the reviewed context and refs', () => {
  // Written with `vitest -u`; a changed file in a review is a changed cache or image name in production.
  it.each(recordings)('%s', async (name, plan) => {
    await expect(`${JSON.stringify(plan.whole, undefined, 2)}\n`).toMatchFileSnapshot(
      path.join(FIXTURES, `${name}.plan.json`),
    );
  });

  it('and there are at least forty of them', () => expect(recordings.length).toBeGreaterThanOrEqual(40));
});

describe('of all recorded environments', () => {
  it('exactly these are trusted', () => {
    expect(recordings.filter(([, plan]) => plan.context?.trusted === true).map(([name]) => name)).toEqual([
      'main-api',
      'main-by-hand-commit',
      'main-by-hand-head',
      'main-nightly',
      'main-over-ssh',
      'main-push',
      'main-rebuilt',
      'main-retried-automatically',
      'main-retried-by-hand',
      'main-schedule',
      'main-triggered',
      'main-with-mirror',
      'main-with-strays',
    ]);
  });

  it('exactly builds of another branch, tag or pull request take the configuration from that branch', () => {
    const known = recordings.filter(([, plan]) => plan.exitCode === 0);
    const own = known.filter(([, plan]) => plan.configuration?.from === 'checkout').map(([name]) => name);
    expect(known.filter(([name, plan]) => plan.context?.trusted === true && !own.includes(name))).toEqual([]);
    const tags = known.filter(([name]) => name.startsWith('tag'));
    expect(new Set(tags.map(([, plan]) => plan.configuration?.from))).toEqual(new Set(['tip']));
    const elsewhere = own.filter((name) => !name.startsWith('main-'));
    expect(elsewhere).toEqual([]);
    expect(known.filter(([name]) => !own.includes(name)).length).toBeGreaterThan(20);
  });

  it.each(recordings)('%s: trusted refs are written by trusted builds only (L1)', (_, plan) => {
    const trusted = written(plan).filter((ref) => ref.includes('-postmerge-'));
    expect(trusted).toEqual(plan.context?.trusted === true ? written(plan) : []);
  });

  it('those that Buildkite itself would not make are refused with exit code 3', () => {
    const refused = recordings.filter(([, plan]) => plan.exitCode !== 0);
    expect(refused.map(([name, plan]) => [name, plan.exitCode])).toEqual([
      ['refused-forged-line', 3],
      ['refused-pull-request-true', 3],
      ['refused-short-commit', 3],
      ['refused-without-branch', 3],
      ['refused-without-pull-request', 3],
    ]);
  });
});
