import { expect } from 'vitest';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { test } from '../tiers/real.ts';
import { executed, makeChainAgent } from './chain-agent.ts';
import { OF_THE_COMMIT, STEPS } from './chain-project.ts';
import { manifestOf, putManifest } from './registry-content.ts';

const { tools, dependencies, assets, pages, compiled, app } = STEPS;
const EVERYTHING = [
  ...[tools, dependencies, assets, pages, compiled, app].flat(),
  ...OF_THE_COMMIT['test-ci'],
].toSorted();

test('main takes nothing of what a pull request has put under every name that it may write, neither into its layers nor by a mount (L1)', async ({
  ownEngine: engine,
  registry,
  faults,
}) => {
  await using at = await makeChainAgent(engine, { images: registry.host, cache: faults.host });
  const { git, commit } = at.agent.checkout;
  const { main, test: untrusted } = at.agent.repositories.cache;
  const parent = await git('rev-parse', 'HEAD');
  const head = await commit({ 'source.txt': 'two\n' });
  await git('push', '--quiet', 'origin', 'main');

  // A pull request that is main, commit by commit: each of its layers is what main would take.
  await at.machine('empty');
  expect(executed(await at.build(pullRequest()))).toEqual(EVERYTHING);
  const poison = await manifestOf(registry.host, `${untrusted}:${head}`);
  for (const tag of [parent, 'main', 'latest', 'pr-1'])
    await putManifest(registry.host, `${untrusted}:${tag}`, poison);
  await at.machine('empty');
  expect(executed(await at.repeat(pullRequest())), 'who trusts them can use them').toEqual([]);

  const asked = faults.requests.length;
  const ofOthers = (): readonly string[] =>
    faults.requests
      .slice(asked)
      .map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)
      .filter((line) => line.includes(untrusted));
  await at.machine('empty');
  const first = await at.build(MAIN);
  expect(first.result.import).toMatchObject({ way: 'none' });
  expect(executed(first)).toEqual(EVERYTHING);
  expect(ofOthers()).toEqual([]);

  // With a donor of its own: what it merges, hands out and mounts is main's.
  await commit({ 'assets.txt': 'two\n' });
  await at.machine('empty');
  const second = await at.build(MAIN);
  const donors = [`${faults.host}/${main}:${head}`];
  expect(second.result.import).toMatchObject({ way: 'gateway', donors });
  expect(executed(second)).toEqual([...assets, ...app, ...OF_THE_COMMIT['test-ci']].toSorted());
  expect(second.result.targets[0]?.donors?.map(({ donor }) => donor)).toEqual(donors);
  expect(ofOthers()).toEqual([]);
  const { pushed, uncached } = await at.files(second);
  expect(pushed).toEqual(uncached);
});
