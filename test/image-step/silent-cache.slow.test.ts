import { expect } from 'vitest';
import { startFaults } from '../../parts/faults.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { emptyStore } from './empty-store.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { manifestOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { fastClock } from '../registry/fixture-host.ts';

test.for([
  ['layers', 'gateway', [], 'build-retried', ''],
  ['layers', 'single', ['--offline'], 'build-retried', 'did not come: nothing for 120 s'],
  // BuildKit lets go of a layer. While it waits for a manifest or a config it begins nothing else, and must not be told of it.
  ['manifest', 'single', ['--offline'], 'cache-silent', ':latest was asked for and said nothing'],
  ['config', 'single', ['--offline'], 'cache-silent', ':latest was asked for and said nothing'],
] as const)(
  'a cache that answers and says nothing when its %s are wanted does not stop the build for ever (by %s)',
  async ([what, way, args, code, told], { engine, registry, skip, onTestFinished }) => {
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
    const blobs = { manifest: [], config: [config], layers }[what].map(({ digest }) => `blobs/${digest}`);
    const names = what === 'manifest' ? ['manifests/latest'] : blobs;
    const unanswered = new Set(names.map((name) => `/v2/${cache}/${name}`));
    faults.set([{ on: ({ path }) => unanswered.has(path), fault: { kind: 'hang' } }]);
    // Its minutes are seconds.
    const { result } = await agent.build(pullRequest(), { args, clock: fastClock() });
    expect(result).toMatchObject({ outcome: 'built', targets: [{ outcome: 'built', verified: [{}] }] });
    expect(result.import.way).toBe(way);
    const about = result.warnings.filter((warning) =>
      ['build-retried', 'cache-silent'].includes(warning.code),
    );
    expect(about).toMatchObject([{ code, message: expect.stringContaining(told) }]);
  },
);
