import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { type Fault } from '../../parts/faults.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { emptyStore } from './empty-store.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { manifestOf, putCache } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

/** A cache manifest whose config has this digest and size. */
function cacheManifest(config: { readonly digest: string; readonly size: number }): Fault {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const cacheConfig = { mediaType: 'application/vnd.buildkit.cacheconfig.v0', ...config };
  return {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': mediaType },
    body: JSON.stringify({ schemaVersion: 2, mediaType, config: cacheConfig, layers: [] }),
  };
}

const NOWHERE = `sha256:${'0'.repeat(64)}`;
const answer = (status: number): Fault => ({ kind: 'answer', status });

test('whatever the registry answers for its sources, the image gets built from those that are left (L3, B-37)', async ({
  engine,
  registry,
  faults,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host, cache: faults.host });
  await agent.configure((same) => ({ ...same, compat: { oldNames: true } }));
  const { git, commit } = agent.checkout;
  const mergeBase = await git('rev-parse', 'HEAD');
  await git('push', '--quiet', 'origin', 'main:release/2', 'main');
  const parent = await commit({ 'source.txt': 'two\n' });
  const head = await commit({ 'source.txt': 'three\n' });
  const { main, test: untrusted } = agent.repositories.cache;
  await putCache(registry.host, `${main}:latest`);

  const base = `release-2-${createHash('sha256').update('release/2').digest('hex').slice(0, 10)}`;
  const oversized = cacheManifest({ digest: NOWHERE, size: 2e6 });
  const dangling = cacheManifest({ digest: NOWHERE, size: 9 });
  const dropped = (role: string, state: string, because: string): object => ({
    role,
    state,
    because: expect.stringContaining(because),
  });
  const sources: readonly (readonly [string, Fault | undefined, object])[] = [
    [`${main}:${head}`, answer(401), dropped('commit', 'denied', '401 Unauthorized')],
    [`${untrusted}:${head}`, answer(404), { role: 'commit', state: 'missing' }],
    [`${main}:${parent}`, answer(403), dropped('parent', 'denied', '403 Forbidden')],
    [`${untrusted}:${parent}`, answer(429), dropped('parent', 'throttled', '429 Too Many Requests')],
    [`${main}:${mergeBase}`, answer(500), dropped('merge-base', 'failed', '500 Internal Server Error')],
    [`${untrusted}:${mergeBase}`, { kind: 'hang' }, dropped('merge-base', 'failed', 'no answer within 3 s')],
    [`${untrusted}:pr-7`, oversized, dropped('own', 'oversized', 'cache config of 2000000 bytes')],
    [`${untrusted}:${base}`, { kind: 'cut', bytes: 40 }, dropped('base', 'failed', 'aborted')],
    [`${main}:latest`, undefined, { role: 'main', state: 'found', digest: expect.any(String) }],
    [`${untrusted}:release_2`, dangling, dropped('base', 'failed', 'cache config blob gone')],
  ];
  await putCache(registry.host, `${untrusted}:${base}`);
  const exporting = (): boolean =>
    faults.requests.some(({ method }) => method === 'PATCH' || method === 'PUT');
  faults.set(
    sources.flatMap(([name, fault]) => {
      const asked = `/v2/${name.replace(':', '/manifests/')}`;
      return fault === undefined ? [] : [{ on: ({ path }) => path === asked && !exporting(), fault }];
    }),
  );

  const { stderr, result } = requireSuccess(await agent.build(pullRequest('release/2')));
  expect(result.planned[0]?.cacheFrom).toEqual(
    sources.map(([name, , expected]) => ({ ref: `${faults.host}/${name}`, ...expected })),
  );
  expect(result.targets).toMatchObject([
    {
      outcome: 'built',
      failures: [],
      verified: [{}],
      exported: [{}],
      record: { imports: [{ state: 'found' }] },
    },
  ]);
  // Each kind of trouble is told, and nothing but what warmbake itself has to say.
  const told = ['denied', 'denied', 'throttled', 'failed', 'failed', 'oversized', 'failed', 'failed'];
  expect(result.warnings.map(({ code }) => code)).toEqual(told.map((state) => `cache-source-${state}`));
  expect(stderr).not.toContain('(node:');
});

test('a cache that lost a layer is left out in a second try, and the image gets built (L3)', async ({
  ownEngine: engine,
  registry,
  faults,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host, cache: faults.host });
  const cache = agent.repositories.cache.main;
  // Nobody else's image may hold this layer.
  await agent.checkout.commit({ 'lock.txt': agent.checkout.directory });
  requireSuccess(await agent.build(MAIN, { clock }));
  await agent.checkout.git('push', '--quiet', 'origin', 'main');
  await agent.checkout.commit({ 'source.txt': 'two\n' });
  await emptyStore(engine, agent);
  const { layers } = JSON.parse((await manifestOf(registry.host, `${cache}:latest`)).body) as {
    readonly layers: readonly { readonly digest: string }[];
  };
  const lost = new Set(layers.map(({ digest }) => `/v2/${cache}/blobs/${digest}`));
  faults.set([{ on: ({ method, path }) => method === 'GET' && lost.has(path), fault: answer(404) }]);
  await agent.calls();

  const { result } = requireSuccess(await agent.build(pullRequest()));
  expect(result.targets).toMatchObject([
    { outcome: 'built', failures: [{ class: 'cache-import' }], record: { imports: [] }, verified: [{}] },
  ]);
  expect(result.warnings).toMatchObject([
    { code: 'build-retried', message: expect.stringContaining('trying again without cache sources') },
  ]);
  expect(await agent.bakes()).toHaveLength(2);
});
