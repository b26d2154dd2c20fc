import { expect } from 'vitest';
import { BASE_IMAGE, importBase } from '../../parts/base-image.ts';
import { startBridge } from '../../parts/bridge.ts';
import type { Built } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { startFreshEngine } from '../../parts/fresh-engine.ts';
import type { Registry } from '../../parts/registry.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { test } from '../tiers/real.ts';
import { aDay, type ChainAgent, executed, makeChainAgent } from './chain-agent.ts';
import { chainConfiguration, OF_THE_COMMIT, STEPS } from './chain-project.ts';

const DAY = { main: MAIN, request: pullRequest() };
const NOBODY_HAS = [...STEPS.compiled, ...STEPS.app, ...OF_THE_COMMIT['test-ci']];

/** A BuildKit on a socket of this machine that has another loopback, and on it nothing but the registry. */
async function makePlace(registry: Registry): Promise<ChainAgent> {
  const elsewhere = await startFreshEngine({ reachesOnly: registry.host });
  await importBase(elsewhere, BASE_IMAGE);
  const bridge = await startBridge(elsewhere);
  const at = await makeChainAgent(elsewhere, { images: registry.host }, { socket: bridge.socket });
  return {
    ...at,
    [Symbol.asyncDispose]: async () => {
      await at[Symbol.asyncDispose]();
      await bridge.stop();
      await elsewhere.stop();
    },
  };
}

/** What was tried in the gateway's place, and what became of it. */
async function fallback(at: ChainAgent, built: Built): Promise<object> {
  const { import: plan, warnings, targets } = built.result;
  const { pushed, uncached } = await at.files(built);
  expect(pushed).toEqual(uncached);
  return { planned: plan.way, warnings, imports: targets.map(({ record }) => record?.imports) };
}

test('a builder that turns out to have another loopback gets the merged cache by the registry, or the closest cache alone where this build may not write', async ({
  registry,
  skip,
}) => {
  await using at = await orSkip(makePlace(registry), skip);
  await aDay(at, DAY);
  const { test: untrusted } = at.agent.repositories.cache;
  const missed = (name: string, way: string): object => ({
    code: 'gateway-not-reached',
    message: `the builder ${name} does not reach this machine's loopback; trying again by ${way}`,
  });

  // It may not export: it may not put a merged cache either. The pull request's own is nearer than main's.
  await at.machine('empty');
  const closest = await at.repeat(pullRequest());
  expect(executed(closest)).toEqual([...NOBODY_HAS, ...STEPS.dependencies].toSorted());
  expect(await fallback(at, closest)).toEqual({
    planned: 'gateway',
    warnings: [missed('ours', 'single')],
    imports: [[expect.objectContaining({ ref: `${registry.host}/${untrusted}:pr-7`, state: 'found' })]],
  });

  // The same BuildKit by the engine's socket, as a tool in a container beside it has it.
  await at.agent.configure((same) => chainConfiguration(same, ['test-ci']));
  await at.machine('empty');
  const merged = await at.build(pullRequest());
  expect(executed(merged)).toEqual(NOBODY_HAS.toSorted());
  const byDigest = expect.stringMatching(`^${registry.host}/${untrusted}@sha256:`);
  expect(await fallback(at, merged)).toEqual({
    planned: 'gateway',
    warnings: [missed('default', 'registry')],
    imports: [[expect.objectContaining({ ref: byDigest, state: 'found' })]],
  });
});
