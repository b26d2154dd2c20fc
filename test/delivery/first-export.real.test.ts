import { expect } from 'vitest';
import { type Faults } from '../../parts/faults.ts';
import type { DeliverableCache } from '../../src/delivery/deliverable.ts';
import { openGateway } from '../../src/delivery/gateway.ts';
import { mountAll } from '../../src/delivery/mount.ts';
import { isDigest } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { credentialsOf, openHost } from '../registry/fixture-host.ts';
import { test } from '../tiers/real.ts';
import { emptyStore, makeCacheProject, readDonor } from './real-caches.ts';

const MAX = 'mode=max,image-manifest=true,oci-mediatypes=true';

/** What a build moved of the layers that main has, in bytes. */
function trafficOf(requests: Faults['requests'], { blobs }: DeliverableCache) {
  const bytesOf = (pattern: RegExp, holds: (asked: Faults['requests'][number]) => boolean): number =>
    requests
      .filter(holds)
      .map(({ path }) => pattern.exec(decodeURIComponent(path))?.[1] ?? '')
      .filter(isDigest)
      .reduce((sum, digest) => sum + (blobs.get(digest)?.descriptor.size ?? 0), 0);
  return {
    pulled: bytesOf(/\/blobs\/(sha256:\w+)$/, ({ method, status }) => method === 'GET' && status === 200),
    pushed: bytesOf(/[?&]digest=(sha256:\w+)/, ({ method }) => method === 'PUT'),
  };
}

test('layers that main has are not pushed again at the first export of a pull request, once they are mounted', async ({
  ownEngine: engine,
  onTestFinished,
  faults,
}) => {
  await using host = await openHost();
  const client = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  await using project = await makeCacheProject(engine.env, { mark: `first-export ${Math.random()}` });
  const path = 'delivery/first-export';
  const main = `${faults.host}/${path}/main:latest`;
  const source = { host: faults.host, path: `${path}/main` };
  await emptyStore(engine.env);
  await project.build('--output=type=cacheonly', `--cache-to=type=registry,ref=${main},${MAX}`);
  const cache = await readDonor(client, main, 'main');
  const donors = new Map([['main', source]]);
  await project.write({ 'source.txt': 'of the pull request' });

  const images: string[] = [];

  async function firstExport(
    name: string,
    from: string,
    prepare: () => Promise<unknown> = async () => undefined,
  ) {
    await emptyStore(engine.env, images);
    images.push(`${faults.host}/${path}/${name}-image:1`);
    const before = faults.requests.length;
    const mounting = prepare();
    const executed = await project.build(
      `--output=type=registry,name=${faults.host}/${path}/${name}-image:1`,
      `--cache-from=type=registry,ref=${from}`,
      `--cache-to=type=registry,ref=${faults.host}/${path}/${name}:pr-7,${MAX}`,
    );
    await mounting;
    return { executed: executed.length, ...trafficOf(faults.requests.slice(before), cache) };
  }

  const gateway = await openGateway(cache, { registry: client, donors, host });
  onTestFinished(async () => await gateway.close());
  const targets = (name: string) =>
    [name, `${name}-image`].map((end) => ({ host: faults.host, path: `${path}/${end}` }));
  const direct = await firstExport('direct', main);
  const gatewayAlone = await firstExport('alone', gateway.ref);
  const mounted = await firstExport(
    'mounted',
    gateway.ref,
    async () => await mountAll(cache, targets('mounted'), { registry: client, donors, host }),
  );
  expect(gateway.failures()).toEqual([]);
  expect([direct.executed, gatewayAlone.executed, mounted.executed]).toEqual([3, 3, 3]);
  // Only what the build needs is pulled, whichever way it is imported.
  expect([gatewayAlone.pulled, mounted.pulled]).toEqual([direct.pulled, direct.pulled]);
  // BuildKit itself mounts nothing that came by a cache import: cache and image get the layers through this machine.
  expect(direct.pushed).toBeGreaterThan(2 * direct.pulled);
  expect(gatewayAlone.pushed).toBe(direct.pushed);
  expect(mounted.pushed).toBe(0);
});
