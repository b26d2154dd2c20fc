import { describe, expect, test } from 'vitest';
import type { DeliverableCache } from '../../src/delivery/deliverable.ts';
import { mountAll } from '../../src/delivery/mount.ts';
import { putMerged } from '../../src/delivery/put-merged.ts';
import type { Repository } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { credentialsOf, openHost } from '../registry/fixture-host.ts';
import { refuse, startFixtureRegistry } from '../registry/fixture-registry.ts';
import { cacheOf } from './opened-gateway.ts';

const TWENTY = Array.from({ length: 20 }, (_, i) => Buffer.from(`layer ${i}`));

async function open(signal = new AbortController().signal) {
  const server = await startFixtureRegistry();
  const host = await openHost({ signal });
  const registry = createRegistry(host, credentialsOf({ kind: 'basic', username: 'ci', password: 'x' }));
  const at = (path: string, on = server.host): Repository => ({ host: on, path });
  const donors = new Map([
    ['main', at('cache/main')],
    ['own', at('cache/test')],
    ['away', at('cache/away', '127.0.0.1:1')],
  ]);
  const mount = async (cache: DeliverableCache, ...targets: readonly string[]) =>
    await mountAll(
      cache,
      targets.map((path) => at(path)),
      { registry, donors, host },
    );
  const close = async (): Promise<void> => {
    await server[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  };
  return { server, host, registry, donors, at, mount, [Symbol.asyncDispose]: close };
}

describe('mounting', () => {
  test('every layer is mounted into every target with one request, and no byte moves', async () => {
    await using all = await open();
    expect(await all.mount(cacheOf(TWENTY, ['main']), 'cache/test', 'images/test')).toEqual({
      mounted: 40,
      bytes: 2 * TWENTY.reduce((sum, layer) => sum + layer.length, 0),
      left: 0,
      closed: [],
    });
    expect(all.server.seen).toHaveLength(40);
    expect(all.server.seen.every((s) => s.method === 'POST' && s.body === '')).toBe(true);
    expect(all.server.seen[0]?.path).toMatch(
      /^\/v2\/cache\/test\/blobs\/uploads\/\?mount=sha256%3A[0-9a-f]{64}&from=cache%2Fmain$/,
    );
  });

  test('a target that a donor lies in has its layers, and another registry cannot be mounted from', async () => {
    await using all = await open();
    const none = { mounted: 0, bytes: 0, closed: [] };
    expect(await all.mount(cacheOf(TWENTY, ['main', 'own']), 'cache/test')).toEqual({ ...none, left: 0 });
    expect(await all.mount(cacheOf(TWENTY, ['away']), 'cache/test')).toEqual({ ...none, left: 20 });
    expect(all.server.seen).toEqual([]);
  });

  test('a registry that begins an upload instead is not asked for the rest, and its uploads are abandoned', async () => {
    await using all = await open();
    all.server.mounts = false;
    expect(await all.mount(cacheOf(TWENTY, ['main']), 'cache/test')).toEqual({
      mounted: 0,
      bytes: 0,
      left: 20,
      closed: [
        {
          from: `${all.server.host}/cache/main`,
          to: `${all.server.host}/cache/test`,
          because: 'the registry does not mount',
        },
      ],
    });
    expect(all.server.uploads.size).toBe(0);
    const begun = all.server.seen.filter(({ method }) => method === 'POST');
    expect(begun.length).toBeLessThanOrEqual(8);
  });

  test('one way that is refused leaves the other ways alone', async () => {
    await using all = await open();
    all.server.interfere = (seen, answer) =>
      seen.path.startsWith('/v2/images/') ? refuse(answer, 403, 'DENIED') : undefined;
    const report = await all.mount(cacheOf(TWENTY, ['main']), 'cache/test', 'images/test');
    expect(report).toMatchObject({
      mounted: 20,
      left: 20,
      closed: [{ because: expect.stringContaining('403') }],
    });
  });

  test('an interrupted run gets a report all the same', async () => {
    const stop = new AbortController();
    await using all = await open(stop.signal);
    all.server.interfere = (_seen, answer) => {
      stop.abort(new Error('SIGTERM'));
      answer.destroy();
      return 'answered';
    };
    const report = await all.mount(cacheOf(TWENTY, ['main']), 'cache/test');
    expect(report).toMatchObject({ mounted: 0, left: 20 });
    expect(all.server.seen.length).toBeLessThanOrEqual(8);
  });
});

describe('putting the merged cache into the registry', () => {
  test('layers are mounted, the config is uploaded, the manifest gets no name but its digest', async () => {
    await using all = await open();
    const cache = cacheOf(TWENTY, ['main']);
    const put = await putMerged(cache, all.at('cache/test'), all);
    const ref = `${all.server.host}/cache/test@${cache.manifest.digest}`;
    expect(put).toMatchObject({ state: 'put', ref, mounts: { mounted: 20 } });
    expect(all.server.blobs.get(cache.config.digest)).toEqual(Buffer.from(cache.config.body));
    const named = { ...all.at('cache/test'), digest: cache.manifest.digest };
    expect(await all.registry.manifest(named)).toMatchObject({ state: 'found' });
    const last = all.server.seen.findLast(({ method }) => method === 'PUT');
    expect(last?.path).toBe(`/v2/cache/test/manifests/${cache.manifest.digest}`);
  });

  test('a trusted build has all donors in its own repository: nothing is mounted', async () => {
    await using all = await open();
    expect(await putMerged(cacheOf(TWENTY, ['main']), all.at('cache/main'), all)).toMatchObject({
      state: 'put',
      mounts: { mounted: 0, left: 0 },
    });
    expect(all.server.seen.map(({ method }) => method)).toEqual(['POST', 'PUT', 'PUT']);
  });

  test.each<[string, RegExp, string, RegExp]>([
    ['a mount', /mount=/, 'away', /20 layers cannot be mounted into .*another registry/],
    ['a mount by right', /mount=/, 'main', /20 layers cannot be mounted .*cache\/main: 403/],
    ['the config', /uploads\/$/, 'own', /merged config cannot be put .*: 403/],
    ['the manifest', /manifests/, 'own', /merged manifest cannot be put .*: 403/],
  ])(
    'where %s is refused it is not possible, and nothing is left half done under a name',
    async (_what, path, donor, because) => {
      await using all = await open();
      all.server.interfere = (seen, answer) =>
        path.test(seen.path) ? refuse(answer, 403, 'DENIED') : undefined;
      const put = await putMerged(cacheOf(TWENTY, [donor]), all.at('cache/test'), all);
      expect(put).toEqual({ state: 'not-possible', because: expect.stringMatching(because) });
    },
  );
});
