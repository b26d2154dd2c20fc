import { expect } from 'vitest';
import { BASE_IMAGE, importBase } from '../../parts/base-image.ts';
import type { Built } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { startFreshEngine } from '../../parts/fresh-engine.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { test } from '../tiers/real.ts';
import { type ChainAgent, executed, makeChainAgent } from './chain-agent.ts';
import { OF_THE_COMMIT, STEPS } from './chain-project.ts';

const COMPILED = [...STEPS.compiled, ...STEPS.app, ...OF_THE_COMMIT['test-ci']].toSorted();

/** The program as a process of its own. */
async function inProcess(at: ChainAgent, more: Readonly<Record<string, string>> = {}): Promise<Built> {
  return requireSuccess(await at.agent.build({ ...pullRequest(), ...more }, { args: ['--force'] }));
}

/** Main's cache, and a pull request with another source on a machine that has nothing. */
async function request(at: ChainAgent, source: string): Promise<void> {
  const { git, commit } = at.agent.checkout;
  await at.build(MAIN);
  await git('switch', '--quiet', '--create', 'work');
  await commit({ 'source.txt': source });
  await git('push', '--quiet', 'origin', 'main', 'work');
  await at.machine('empty');
}

test('with proxies in the environment of program and engine the gateway is asked all the same, on this machine', async ({
  registry,
  skip,
  onTestFinished,
}) => {
  const nowhere = 'http://127.0.0.1:9';
  const proxies = Object.fromEntries(
    ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].map((name) => [name, nowhere]),
  );
  const engine = await orSkip(startFreshEngine({ env: proxies }), skip);
  onTestFinished(engine.stop);
  await importBase(engine, BASE_IMAGE);
  await using at = await makeChainAgent(engine, { images: registry.host });
  await request(at, 'two\n');
  const built = await inProcess(at, proxies);
  expect(executed(built)).toEqual(COMPILED);
  expect(built.result).toMatchObject({ warnings: [], import: { way: 'gateway' } });
  expect(built.result.targets[0]?.donors?.map(({ layers }) => layers.length > 0)).toEqual([true]);
});

test('two programs at once on one BuildKit, each with a gateway of its own: both images are right', async ({
  engine,
  registry,
  skip,
}) => {
  skip(!engine.owned, "an existing engine's store is not ours to empty");
  const places = { images: registry.host };
  await using one = await makeChainAgent(engine, places);
  await using other = await makeChainAgent(engine, places);
  // Two pull requests of one project: they share what they have not changed.
  const mark = `${Math.random()}\n`;
  for (const at of [one, other]) await at.agent.checkout.commit({ 'tools.txt': mark });
  await request(one, 'two\n');
  await request(other, 'three\n');
  await one.machine('empty');
  await other.machine('empty');
  const both = await Promise.all([one, other].map(async (at) => await inProcess(at)));
  for (const [i, at] of [one, other].entries()) {
    const built = both[i];
    if (built === undefined) throw new Error('not built');
    expect(built.result.targets).toMatchObject([{ outcome: 'built', failures: [] }]);
    expect(executed(built)).toEqual(COMPILED);
    const { pushed, uncached } = await at.files(built);
    expect(pushed).toEqual(uncached);
  }
});
