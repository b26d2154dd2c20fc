import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openProber } from '../../src/cache/probe.ts';
import type { Settings } from '../../src/config/settings.ts';
import { importText, planImport } from '../../src/image-step/import-plan.ts';
import { mountForExport } from '../../src/image-step/mount-for-export.ts';
import { openImport } from '../../src/image-step/open-import.ts';
import { writesOf } from '../../src/image-step/target-plan.ts';
import type { Work } from '../../src/image-step/work.ts';
import { cacheSources } from '../../src/refs/sources.ts';
import { type Digest, parseReference, referenceName, type Repository } from '../../src/registry/reference.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { PLACE, placeOf } from '../context/place.ts';
import { anyBuild, contextOf, TRUSTED } from '../refs/any-build.ts';
import { openHost } from '../registry/fixture-host.ts';
import { digestOf } from '../registry/fixture-registry.ts';

/**
 * A registry that has a cache under every name that it is asked for, each with a result of its own for one and the same step, and gives and
 * mounts whatever is wanted from wherever. It keeps in mind where somebody has read.
 */
function hostileRegistry() {
  const readFrom = new Map<string, Repository>();
  const contents = new Map<Digest, Buffer>();
  const keep = (text: string): Digest => {
    const digest = digestOf(Buffer.from(text));
    contents.set(digest, Buffer.from(text));
    return digest;
  };
  const read = ({ host, path }: Repository): void => void readFrom.set(`${host}/${path}`, { host, path });
  const cacheUnder = (name: string): Buffer => {
    const layers = [`layer of ${name}`, 'a layer that all have'].map((text) => {
      const annotations = { 'containerd.io/uncompressed': keep(`${text}, unpacked`) };
      const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
      return { mediaType, digest: keep(text), size: text.length, annotations };
    });
    const config = JSON.stringify({
      layers: layers.map(({ digest }) => ({ blob: digest, parent: -1 })),
      records: [
        {
          digest: keep('the step'),
          layers: layers.map((_, layer) => ({ layer, createdAt: '2026-08-01T00:00:00Z' })),
        },
      ],
    });
    const mediaType = 'application/vnd.buildkit.cacheconfig.v0';
    const descriptor = { mediaType, digest: keep(config), size: config.length };
    return Buffer.from(JSON.stringify({ schemaVersion: 2, config: descriptor, layers }));
  };
  const registry = {
    async manifest(name) {
      read(name);
      if (!('tag' in name)) throw new Error('asked by digest');
      const body = cacheUnder(referenceName(name));
      return {
        state: 'found',
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: digestOf(body),
        body,
      };
    },
    async blob(repository, digest) {
      read(repository);
      const body = contents.get(digest);
      return body === undefined ? { state: 'missing' } : { state: 'found', body };
    },
    async openBlob(repository, digest) {
      read(repository);
      const body = contents.get(digest);
      if (body === undefined) return { state: 'missing' };
      return { state: 'open', status: 200, length: body.length, stream: new Blob([body]).stream() };
    },
    async mountBlob({ from }) {
      read(from);
      return { state: 'mounted' };
    },
    putBlob: async (_, body) => ({ state: 'written', digest: digestOf(Buffer.from(body)) }),
    putManifest: async (_, { body }) => ({ state: 'written', digest: digestOf(Buffer.from(body)) }),
  } satisfies Partial<Registry>;
  return { registry: registry as unknown as Registry, readFrom };
}

const DELIVERY = {
  driver: 'docker',
  engine: { rootless: false, desktop: false },
  offline: false,
  mayWrite: true,
};

/** Everything that a build does with caches, from its context on; answers with where it has read. */
async function placesRead(
  build: Parameters<typeof contextOf>[0],
  { branch, target }: { readonly branch: string; readonly target: (typeof PLACE.targets)[number] },
) {
  const context = contextOf(build, branch);
  if (context === undefined) return undefined;
  await using host = await openHost();
  const { registry, readFrom } = hostileRegistry();
  const services = { host, registry };
  const candidates = cacheSources(context, target, PLACE);
  const [probed] = await openProber(services, { maxSources: 8 }).probe([candidates]);
  if (probed === undefined) throw new Error('nothing was probed');
  const plan = planImport({ ...probed, delivery: DELIVERY });
  if (plan.way !== 'gateway') throw new Error(importText(plan));
  const writes = writesOf(context, target, { settings: PLACE as unknown as Settings, push: true });
  const work = { plan: { import: plan }, targets: [writes] } as unknown as Work;
  const mounting = mountForExport(services, work);
  const [repository] = writes.exportTo;
  const parts = { plan, repository, closest: async () => undefined };
  const opened = await openImport(services, parts, ['gateway']);
  const [, base, path] = /ref=([^/]+)\/(\S+):merged$/.exec(opened.cacheFrom[0] ?? '') ?? [];
  for (const digest of plan.merged.blobs.keys()) {
    const answer = await fetch(`http://${base}/v2/${path}/blobs/${digest}`);
    expect([answer.status, digestOf(Buffer.from(await answer.arrayBuffer()))]).toEqual([200, digest]);
  }
  const served = opened.shares([]).filter(({ layers }) => layers.length > 0);
  await opened.close();
  await mounting.end();
  if (repository !== undefined) await openImport(services, parts, ['registry', 'single']);
  return {
    trusted: context.trusted,
    read: new Set([...readFrom.values()].map((place) => placeOf({ ...place, tag: PLACE_TAG }))),
    donors: plan.merged.used.map((id) => placeNamed(id)),
    served: served.map(({ donor }) => placeNamed(donor)),
  };
}

const REQUEST = { ...TRUSTED, BUILDKITE_PULL_REQUEST: '7', BUILDKITE_BRANCH: 'work' } as const;
const PLACE_TAG = parseReference('x.test/x:x')!.tag;

function placeNamed(id: string): string {
  const ref = parseReference(id);
  return ref === undefined ? id : placeOf(ref);
}

test('no cache of an untrusted build becomes a donor of a trusted one: not asked for, merged, served or mounted, whatever lies there (L1)', async () => {
  await fc.assert(
    fc.asyncProperty(anyBuild, async ({ env, branch, target }) => {
      const places = await placesRead({ ...env, ...TRUSTED }, { branch, target });
      expect(places?.trusted).toBe(true);
      expect(places?.read).toEqual(new Set(['trusted']));
      expect(new Set([...(places?.donors ?? []), ...(places?.served ?? [])])).toEqual(new Set(['trusted']));
    }),
    { numRuns: 25 },
  );
});

test('a pull request reads both, so that the test above would see it', async () => {
  const [target] = PLACE.targets;
  const places = await placesRead(REQUEST, { branch: '', target });
  expect(places?.trusted).toBe(false);
  for (const seen of [places?.read, new Set(places?.donors), new Set(places?.served)]) {
    expect(seen).toEqual(new Set(['trusted', 'untrusted']));
  }
});

test("a copy of main's cache under the name of a pull request does not take from what main's word counts", async () => {
  await using host = await openHost();
  const { registry } = hostileRegistry();
  const one = parseReference('cache.test/main:latest')!;
  const same: Registry = {
    ...registry,
    manifest: async (_name, options) => await registry.manifest(one, options),
  };
  const context = contextOf(REQUEST, '');
  if (context === undefined) throw new Error('refused');
  const candidates = cacheSources(context, PLACE.targets[0], PLACE).filter(
    ({ role }) => role === 'own' || role === 'main',
  );
  const [probed] = await openProber({ registry: same, host }, { maxSources: 8 }).probe([candidates]);
  expect(probed?.sources.map(({ role, state }) => [role, state])).toEqual([
    ['own', 'found'],
    ['main', 'duplicate'],
  ]);
  expect(probed?.donors.map(({ trust }) => trust)).toEqual([2]);
});
