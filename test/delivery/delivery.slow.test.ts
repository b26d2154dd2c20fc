import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { startBridge } from '../../parts/bridge.ts';
import { openGateway } from '../../src/delivery/gateway.ts';
import { putMerged } from '../../src/delivery/put-merged.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { credentialsOf, openHost } from '../registry/fixture-host.ts';
import { test } from '../tiers/real.ts';
import { type CacheProject, emptyStore, makeCacheProject, readDonor } from './real-caches.ts';

const MAX = 'mode=max,image-manifest=true,oci-mediatypes=true';
const NOTHING = '--output=type=cacheonly';

async function open(at: {
  readonly registry: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly builder?: string;
}) {
  const host = await openHost();
  const mark = `${at.name} ${Math.random()}`;
  const project = await makeCacheProject(at.env, {
    mark,
    ...(at.builder === undefined ? {} : { builder: at.builder }),
  });
  const path = `delivery/${at.name}/main`;
  const client = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  const donors = new Map([['main', { host: at.registry, path }]]);
  const main = `${at.registry}/${path}:latest`;
  return {
    host,
    project,
    main,
    donors,
    client,
    /** Builds on an empty store, exports, and reads back what main's cache holds. */
    async fill() {
      await emptyStore(at.env);
      const executed = await project.build(NOTHING, `--cache-to=type=registry,ref=${main},${MAX}`);
      await emptyStore(at.env);
      return { executed, cache: await readDonor(client, main, 'main') };
    },
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

const from = (ref: string): string => `--cache-from=type=registry,ref=${ref}`;

/** Executed steps of two builds: of the same sources, and of a changed one. */
async function twice(
  project: CacheProject,
  ref: string,
  empty: () => Promise<void>,
): Promise<readonly number[]> {
  const same = await project.build(NOTHING, from(ref));
  await empty();
  await project.write({ 'source.txt': `two ${Math.random()}` });
  return [same.length, (await project.build(NOTHING, from(ref))).length];
}

describe('BuildKit imports through the gateway, and needs no login', () => {
  test('the engine', async ({ ownEngine: engine, registry }) => {
    await using at = await open({ registry: registry.host, name: 'engine', env: engine.env });
    const { executed, cache } = await at.fill();
    expect(executed).toHaveLength(6);
    const gateway = await openGateway(cache, { registry: at.client, donors: at.donors, host: at.host });
    expect(gateway.reached()).toBe(false);
    expect(await twice(at.project, gateway.ref, async () => await emptyStore(engine.env))).toEqual([0, 3]);
    expect(gateway.reached()).toBe(true);
    expect(gateway.failures()).toEqual([]);
    expect(gateway.served().every((s) => s.way === 'piped' && s.donor === 'main')).toBe(true);
    expect(gateway.served().length).toBeGreaterThan(0);
    await gateway.close();

    // What it left in the store stands without it: a build without any import, and one whose import is gone.
    expect(await at.project.build(NOTHING)).toEqual([]);
    await at.project.write({ 'source.txt': `three ${Math.random()}` });
    expect(await at.project.build(NOTHING)).toHaveLength(3);
    expect(await at.project.build(NOTHING, from(gateway.ref))).toEqual([]);
  });

  test('a BuildKit on a unix socket', async ({ ownEngine: engine, registry, onTestFinished }) => {
    const bridge = await startBridge(engine);
    onTestFinished(bridge.stop);
    const name = `delivery-${Date.now()}`;
    const docker = async (...args: readonly string[]) =>
      await execa('docker', args, { env: engine.env, extendEnv: false });
    await docker('buildx', 'create', '--name', name, '--driver', 'remote', bridge.address);
    onTestFinished(async () => void (await docker('buildx', 'rm', '--force', name)));
    await using at = await open({ registry: registry.host, name: 'socket', env: engine.env, builder: name });
    const { cache } = await at.fill();
    const gateway = await openGateway(cache, { registry: at.client, donors: at.donors, host: at.host });
    onTestFinished(async () => await gateway.close());
    expect(await twice(at.project, gateway.ref, async () => await emptyStore(engine.env))).toEqual([0, 3]);
  });
});

test('a layer that breaks off on its way is resumed or asked for again, and the build gets it', async ({
  ownEngine: engine,
  registry,
  onTestFinished,
  faults,
}) => {
  await using at = await open({ registry: registry.host, name: 'broken', env: engine.env });
  const { cache } = await at.fill();
  faults.set([
    { on: ({ path }) => path.includes('/blobs/'), fault: { kind: 'cut', bytes: 500_000 }, times: 1 },
  ]);
  const path = at.donors.get('main')?.path ?? '';
  const donors = new Map([['main', { host: faults.host, path }]]);
  const gateway = await openGateway(cache, { registry: at.client, donors, host: at.host });
  onTestFinished(async () => await gateway.close());
  await at.project.write({ 'source.txt': 'two' });
  expect(await at.project.build(NOTHING, from(gateway.ref))).toHaveLength(3);
  expect(gateway.failures()).toHaveLength(1);
});

test('BuildKit imports a merged manifest that has no name but its digest, its layers mounted', async ({
  ownEngine: engine,
  registry,
}) => {
  await using at = await open({ registry: registry.host, name: 'digest', env: engine.env });
  const { cache } = await at.fill();
  const target = { host: registry.host, path: 'delivery/digest/test' };
  const put = await putMerged(cache, target, { registry: at.client, donors: at.donors, host: at.host });
  expect(put).toMatchObject({ state: 'put', mounts: { mounted: cache.blobs.size, closed: [] } });
  if (put.state !== 'put') return;
  expect(put.ref).toBe(`${registry.host}/delivery/digest/test@${cache.manifest.digest}`);
  // Once more is no different: nothing has to be asked before.
  expect(await putMerged(cache, target, { registry: at.client, donors: at.donors, host: at.host })).toEqual(
    put,
  );
  expect(await twice(at.project, put.ref, async () => await emptyStore(engine.env))).toEqual([0, 3]);
});
