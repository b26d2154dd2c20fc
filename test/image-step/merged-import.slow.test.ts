import { describe, expect } from 'vitest';
import { orSkip } from '../tiers/or-skip.ts';
import { test } from '../tiers/real.ts';
import { BUILDERS, makeChainAgentOn } from './builders.ts';
import { aDay, type ChainAgent, executed, type Store } from './chain-agent.ts';
import type { Built } from '../../parts/ci-job/agent.ts';
import { type ChainTarget, OF_THE_COMMIT, STEPS } from './chain-project.ts';
import { MAIN, pullRequest, pushTo } from '../../parts/ci-job/variables.ts';

const STORES: readonly Store[] = ['empty', 'yesterday'];
const ALL: readonly ChainTarget[] = ['test-ci', 'checks', 'docs'];
const DAY = { main: MAIN, request: pullRequest() };
const HOURS = 3_600_000;

const REPEATS = [1, 2, 3, 4, 5];
const runs = STORES.flatMap((store) => REPEATS.map((run) => ({ store, run })));
/** A wrong merge must not pass: the image has the files of an uncached build. */
async function requireSameFiles(
  at: ChainAgent,
  built: Built,
  what: string,
  target?: ChainTarget,
): Promise<void> {
  const { pushed, uncached } = await at.files(built, target);
  expect({ what, files: pushed }).toEqual({ what, files: uncached });
}

/** For a message: why it was not built at the first try. */
function triesOf({ result }: Built): string {
  return [...new Set(result.targets.flatMap((target) => target.failures.map((f) => `; ${f.message}`)))].join(
    '',
  );
}

const COMPILED = [...STEPS.compiled, ...STEPS.app, ...OF_THE_COMMIT['test-ci']];

describe.each(BUILDERS)(
  '%s: five times on an empty machine and on one with the layers of yesterday',
  { retry: 0 },
  (kind) => {
    test(
      'rebased on other dependencies, built again, and pushed a second time',
      { timeout: HOURS },
      async ({ ownEngine: engine, registry, skip }) => {
        await using at = await orSkip(makeChainAgentOn(kind, { engine, registry }, ['test-ci']), skip);
        await aDay(at, DAY);

        // Dependencies from main, assets from the pull request; nobody has what stands on both.
        for (const { store, run } of runs) {
          await at.machine(store);
          const built = await at.repeat(pullRequest());
          expect(executed(built), `rebased: ${store} ${run}${triesOf(built)}`).toEqual(COMPILED.toSorted());
          if (run === 1) await requireSameFiles(at, built, `rebased: ${store} ${run}`);
        }

        await at.machine('empty');
        await at.build(pullRequest());
        for (const { store, run } of runs) {
          await at.machine(store);
          const built = await at.repeat(pullRequest());
          expect(executed(built), `unchanged: ${store} ${run}${triesOf(built)}`).toEqual([]);
          if (run === 1) await requireSameFiles(at, built, `unchanged: ${store} ${run}`);
        }

        // The page's new text; the app that was compiled before is the pull request's own.
        await at.agent.checkout.commit({ 'site.txt': 'two\n' });
        await at.agent.checkout.git('push', '--quiet', '--force', 'origin', 'work');
        for (const { store, run } of runs) {
          await at.machine(store);
          const built = await at.repeat(pullRequest());
          const [, copyPages] = STEPS.app;
          expect(executed(built), `second push: ${store} ${run}${triesOf(built)}`).toEqual(
            [...STEPS.pages, copyPages, ...OF_THE_COMMIT['test-ci']].toSorted(),
          );
          if (run === 1) await requireSameFiles(at, built, `second push: ${store} ${run}`);
        }
      },
    );

    test('three targets and a lane', { timeout: HOURS }, async ({ ownEngine: engine, registry, skip }) => {
      await using at = await orSkip(makeChainAgentOn(kind, { engine, registry }, ALL), skip);
      await aDay(at, DAY);
      for (const { store, run } of runs) {
        await at.machine(store);
        const built = await at.repeat(pullRequest());
        expect(executed(built), `three targets: ${store} ${run}${triesOf(built)}`).toEqual(
          [...COMPILED, ...STEPS.check, ...OF_THE_COMMIT.checks, ...OF_THE_COMMIT.docs].toSorted(),
        );
        for (const target of ALL) {
          if (run === 1)
            await requireSameFiles(at, built, `three targets: ${store} ${run}: ${target}`, target);
        }
        await at.machine(store);
        const lane = await at.repeat(pullRequest(), ['docs']);
        expect(executed(lane), `a lane: ${store} ${run}${triesOf(lane)}`).toEqual(OF_THE_COMMIT.docs);
      }
      await at.machine('empty');
      await at.build(pullRequest());
      for (const { store, run } of runs) {
        await at.machine(store);
        const again = await at.repeat(pullRequest());
        expect(executed(again), `three targets again: ${store} ${run}${triesOf(again)}`).toEqual([]);
      }
    });

    test(
      'three donors, each with a layer that no other has',
      { timeout: HOURS },
      async ({ ownEngine: engine, registry, skip }) => {
        await using at = await orSkip(makeChainAgentOn(kind, { engine, registry }, ['test-ci']), skip);
        const { git, commit } = at.agent.checkout;
        const request = pullRequest('release/2');
        const push = async (branch: string): Promise<unknown> =>
          await git('push', '--quiet', '--force', 'origin', branch);
        await git('switch', '--quiet', '--create', 'release/2');
        await push('release/2');
        await git('switch', '--quiet', '--create', 'work');
        await commit({ 'site.txt': 'two\n' });
        await push('work');
        await at.machine('empty');
        await at.build(request);
        await git('switch', '--quiet', 'release/2');
        await commit({ 'assets.txt': 'two\n' });
        await push('release/2');
        await at.machine('empty');
        await at.build(pushTo('release/2'));
        await git('switch', '--quiet', 'main');
        await commit({ 'lock.txt': 'two\n' });
        await push('main');
        await at.machine('empty');
        await at.build(MAIN);
        // What release/2 takes over from main has not been built there yet.
        await git('switch', '--quiet', 'release/2');
        await git('cherry-pick', 'main');
        await push('release/2');
        await git('switch', '--quiet', 'work');
        await git('rebase', '--quiet', 'release/2');

        for (const { store, run } of runs) {
          await at.machine(store);
          const built = await at.repeat(request);
          const { import: imported } = built.result;
          expect('donors' in imported ? imported.donors.length : 0).toBeGreaterThanOrEqual(3);
          // Dependencies and the compiled app from main, assets from the base, the page from the pull request.
          expect(executed(built), `three donors: ${store} ${run}${triesOf(built)}`).toEqual(
            [...STEPS.app, ...OF_THE_COMMIT['test-ci']].toSorted(),
          );
          if (run === 1) await requireSameFiles(at, built, `three donors: ${store} ${run}`);
        }
      },
    );
  },
);
