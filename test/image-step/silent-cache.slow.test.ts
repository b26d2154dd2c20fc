import { expect } from 'vitest';
import { startFaults } from '../../parts/faults.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { emptyStore } from './empty-store.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { manifestOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { fastClock } from '../registry/fixture-host.ts';

const BUILT = { outcome: 'built', targets: [{ outcome: 'built', verified: [{}] }] };
// BuildKit lets go of a layer. While it waits for a manifest or a config it begins nothing else.
const STUCK = { outcome: 'failed', error: { code: 'build-engine', exitCode: 5 } };

test.for([
  ['layers', 'gateway', [], '', BUILT],
  ['layers', 'single', ['--offline'], 'did not come: nothing for 120 s', BUILT],
  ['config', 'single', ['--offline'], 'was asked for and said nothing for 60 s', STUCK],
] as const)(
  'a cache that answers and says nothing when its %s are wanted does not stop the build for ever (by %s)',
  async ([what, way, args, told, ended], { engine, registry, skip, onTestFinished }) => {
    skip(!engine.owned, "an existing engine's store is not ours to empty");
    const faults = await startFaults(registry.host);
    onTestFinished(faults.stop);
    await using agent = await makeAgent(engine.env, { images: registry.host, cache: faults.host });
    const cache = agent.repositories.cache.main;
    await agent.checkout.commit({ 'lock.txt': agent.checkout.directory });
    requireSuccess(await agent.build(MAIN));
    await agent.checkout.git('push', '--quiet', 'origin', 'main');
    await agent.checkout.commit({ 'source.txt': 'two\n' });
    await emptyStore(engine, agent);
    const { config, layers } = JSON.parse((await manifestOf(registry.host, `${cache}:latest`)).body) as {
      readonly config: { readonly digest: string };
      readonly layers: readonly { readonly digest: string }[];
    };
    const blobs = { config: [config], layers }[what];
    const unanswered = new Set(blobs.map(({ digest }) => `/v2/${cache}/blobs/${digest}`));
    faults.set([
      { on: ({ method, path }) => method === 'GET' && unanswered.has(path), fault: { kind: 'hang' } },
    ]);
    // Its minutes are seconds.
    const { result } = await agent.build(pullRequest(), { args, clock: fastClock() });
    expect(result).toMatchObject(ended);
    expect(result.import.way).toBe(way);
    const again = result.warnings.filter(({ code }) => code === 'build-retried');
    expect(again).toMatchObject([{ message: expect.stringContaining(told) }]);
  },
);
