import { describe, expect } from 'vitest';
import { orSkip } from '../tiers/or-skip.ts';
import { test } from '../tiers/real.ts';
import { makeChainAgentOn } from './builders.ts';
import { aDay, executed } from './chain-agent.ts';
import { type ChainTarget, OF_THE_COMMIT, STEPS } from './chain-project.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';

const DAY = { main: MAIN, request: pullRequest() };
const ALL: readonly ChainTarget[] = ['test-ci', 'checks', 'docs'];

/** Nobody has built the new source on the new dependencies; main has the dependencies, the pull request the assets. */
const REBASED = [...STEPS.compiled, ...STEPS.app, ...OF_THE_COMMIT['test-ci']].toSorted();

// The same five times, for every builder and store: merged-import.slow.test.ts.
describe(
  'a pull request rebased on a main with other dependencies executes what nobody has, no step more (L0)',
  { retry: 0 },
  () => {
    test.for([
      [
        "on a machine that holds main's layers of yesterday, and its image has the files of an uncached build",
        'engine',
      ],
      ['the same by the newest buildx', 'newest buildx'],
    ] as const)('%s', async ([, kind], { ownEngine: engine, registry, skip }) => {
      const making = makeChainAgentOn(kind, { engine, registry }, ['test-ci']);
      await using at = await orSkip(making, skip);
      await aDay(at, DAY);
      await at.machine('yesterday');
      const built = await at.build(pullRequest());
      expect(executed(built)).toEqual(REBASED);
      const { pushed, uncached } = await at.files(built);
      expect(pushed.get('compiled')).toMatch(/^0 4755 0:0 /);
      expect(pushed).toEqual(uncached);
      await at.machine('empty');
      const again = await at.build(pullRequest());
      expect(executed(again), 'the same commit once more').toEqual([]);
      expect((await at.files(again)).pushed).toEqual(uncached);
    });

    test.for([
      [
        "on the machine image's BuildKit, three targets that share stages at once, each stage once",
        'remote driver',
        'remote',
      ],
      ['the same on the newest BuildKit by itself', 'standalone buildkitd', 'remote'],
      [
        'the same on the newest BuildKit in a container of the docker-container driver',
        'docker-container',
        'docker-container',
      ],
    ] as const)('%s', async ([, kind, driver], { ownEngine: engine, registry, skip }) => {
      await using at = await orSkip(makeChainAgentOn(kind, { engine, registry }, ALL), skip);
      await aDay(at, DAY);
      await at.machine('empty');
      await at.agent.calls();
      const built = await at.build(pullRequest());
      expect(built.result.builder).toMatchObject({ driver });
      expect(await at.agent.bakes()).toHaveLength(1);
      expect(executed(built)).toEqual(
        [...REBASED, ...STEPS.check, ...OF_THE_COMMIT.checks, ...OF_THE_COMMIT.docs].toSorted(),
      );
      for (const target of ALL) {
        const { pushed, uncached } = await at.files(built, target);
        expect(pushed, `image of ${target}`).toEqual(uncached);
      }
    });
  },
);
