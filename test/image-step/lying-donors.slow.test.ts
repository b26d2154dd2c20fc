import { createHash } from 'node:crypto';
import { afterAll, describe, expect, inject } from 'vitest';
import { BASE_IMAGE, importBase } from '../../parts/base-image.ts';
import { type FreshEngine, startFreshEngine } from '../../parts/fresh-engine.ts';
import { type Fault, type Faults, startFaults } from '../../parts/faults.ts';
import { need, type Running } from '../../parts/part.ts';
import { test } from '../tiers/real.ts';
import { aDay, type ChainAgent, executed, makeChainAgent } from './chain-agent.ts';
import { chainConfiguration, OF_THE_COMMIT, STEPS } from './chain-project.ts';
import type { Built } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { deleteManifest, manifestOf, putCacheConfig } from './registry-content.ts';

interface Day {
  /** Of its own: BuildKit never lets go of some of what it loads here. */
  readonly engine: FreshEngine;
  readonly at: ChainAgent;
  readonly faults: Faults & Running;
  readonly registry: string;
  readonly main: DonorCache;
  readonly own: DonorCache;
  /** Where a further donor can be put: the name of the rebased commit. */
  readonly further: string;
}

let day: Promise<Day> | undefined;
afterAll(async () => {
  const made = await day;
  await made?.at[Symbol.asyncDispose]();
  await made?.faults.stop();
  await made?.engine.stop();
});

/** Made once for all cases: main's cache of today and the pull request's own, and a rebased commit that needs both. */
async function makeDay(): Promise<Day> {
  const engine = await startFreshEngine();
  await importBase(engine, BASE_IMAGE);
  const { host: registry } = need('registry', inject('registry'));
  const faults = await startFaults(registry);
  const at = await makeChainAgent(engine, { images: registry, cache: faults.host });
  await aDay(at, { main: MAIN, request: pullRequest() });
  const { main, test: untrusted } = at.agent.repositories.cache;
  const head = await at.agent.checkout.git('rev-parse', 'HEAD');
  return {
    engine,
    at,
    faults,
    registry,
    main: await readCache(registry, `${main}:latest`),
    own: await readCache(registry, `${untrusted}:pr-7`),
    further: `${untrusted}:${head}`,
  };
}

interface Layer {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface CacheConfig {
  readonly layers: readonly object[];
  readonly records: readonly {
    readonly digest: string;
    readonly inputs?: unknown;
    readonly layers?: readonly { readonly layer?: number; readonly createdAt: string }[];
  }[];
}
interface DonorCache {
  readonly layers: readonly Layer[];
  readonly config: CacheConfig;
}

async function readCache(registry: string, name: string): Promise<DonorCache> {
  const { layers, config } = JSON.parse((await manifestOf(registry, name)).body) as {
    readonly layers: readonly Layer[];
    readonly config: { readonly digest: string };
  };
  const repository = name.slice(0, name.lastIndexOf(':'));
  const answer = await fetch(`http://${registry}/v2/${repository}/blobs/${config.digest}`);
  return { layers, config: (await answer.json()) as CacheConfig };
}

async function rebased({ at }: Day): Promise<Built> {
  await at.machine('empty');
  const built = await at.repeat(pullRequest());
  const { pushed, uncached } = await at.files(built);
  expect(pushed).toEqual(uncached);
  return built;
}

const MATCHING = (pattern: RegExp): unknown => expect.stringMatching(pattern);
function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

const NOT_OURS = "an existing engine's store is not ours to empty";
const NOBODY_HAS = [...STEPS.compiled, ...STEPS.app, ...OF_THE_COMMIT['test-ci']];

describe('a donor that does not give what it has is left out of a second try, alone, and by name', () => {
  test.for<[string, (size: number) => Fault]>([
    ['that has lost layers', () => ({ kind: 'answer', status: 404 })],
    ['that gives other bytes', (size) => ({ kind: 'answer', status: 200, body: Buffer.alloc(size) })],
    ['that refuses', () => ({ kind: 'answer', status: 403 })],
    ['that is asked too often', () => ({ kind: 'answer', status: 429 })],
    ['that says nothing', () => ({ kind: 'hang' })],
  ])('%s', async ([, lie], { engine, skip }) => {
    skip(!engine.owned, NOT_OURS);
    const { faults, main, own } = await (day ??= makeDay());
    const others = new Set(own.layers.map(({ digest }) => digest));
    const mains = main.layers.filter(({ digest }) => !others.has(digest));
    faults.set(
      mains.map(({ digest, size }) => ({
        on: ({ method, path }) => method === 'GET' && path.endsWith(digest),
        fault: lie(size),
      })),
    );
    const { result, ...built } = await rebased(await day);
    faults.set([]);
    // What only main has is built again; what the pull request has is loaded all the same.
    expect(executed({ result, ...built })).toEqual([...NOBODY_HAS, ...STEPS.dependencies].toSorted());
    const guilty =
      result.import.way === 'gateway' ? result.import.donors.find((id) => id.includes('/cache-main:')) : '';
    expect(result.warnings).toEqual([
      {
        code: 'build-retried',
        message: expect.stringMatching(new RegExp(`; trying again without ${guilty}$`)),
      },
    ]);
    expect(result.targets[0]?.failures).toHaveLength(1);
    const shares = result.targets[0]?.donors ?? [];
    expect(shares.find(({ donor }) => donor === guilty)?.failures).not.toEqual([]);
    expect(shares.find(({ donor }) => donor.includes('/cache-test:'))?.failures).toEqual([]);
  });
});

test('a donor that breaks off half-way is asked for the rest, and costs no hit', async ({ engine, skip }) => {
  skip(!engine.owned, NOT_OURS);
  const { faults, main } = await (day ??= makeDay());
  faults.set(
    main.layers.map(({ digest, size }) => ({
      on: ({ method, path }) => method === 'GET' && path.endsWith(digest),
      fault: { kind: 'cut', bytes: Math.floor(size / 2) },
      times: 1,
    })),
  );
  const built = await rebased(await day);
  faults.set([]);
  expect(executed(built)).toEqual(NOBODY_HAS.toSorted());
  expect(built.result).toMatchObject({ warnings: [], targets: [{ failures: [] }] });
  expect(built.result.targets[0]?.donors?.flatMap(({ failures }) => failures)).not.toEqual([]);
});

describe('a cache that cannot be believed is not merged, with the reason, and costs no hit', () => {
  const swapped = (config: CacheConfig): CacheConfig => ({
    ...config,
    records: config.records.map((record) => ({
      ...record,
      ...(record.layers === undefined
        ? {}
        : { layers: record.layers.map(() => ({ layer: 0, createdAt: '2001-01-01T00:00:00Z' })) }),
    })),
  });

  test.for<
    [
      string,
      (own: DonorCache) => { readonly layers: readonly Layer[]; readonly config: string },
      RegExp | undefined,
    ]
  >([
    [
      'a config that is cut off',
      ({ layers, config }) => ({ layers, config: JSON.stringify(config).slice(0, -40) }),
      /./,
    ],
    [
      'a record that stands on itself',
      ({ layers, config }) => ({
        layers,
        config: JSON.stringify({
          ...config,
          records: [
            ...config.records,
            { digest: digestOf('loop'), inputs: [[{ link: config.records.length }]] },
          ],
        }),
      }),
      /./,
    ],
    [
      'ten thousand records, which is no reason',
      ({ layers, config }) => ({
        layers,
        config: JSON.stringify({
          ...config,
          records: [
            ...config.records,
            ...Array.from({ length: 10_000 }, (_, i) => ({ digest: digestOf(`${i}`) })),
          ],
        }),
      }),
      undefined,
    ],
    [
      'other and older results for the same records: the newest counts',
      ({ layers, config }) => ({ layers, config: JSON.stringify(swapped(config)) }),
      undefined,
    ],
  ])('%s', async ([, lie, because], { engine, skip }) => {
    skip(!engine.owned, NOT_OURS);
    const { registry, faults, own, further } = await (day ??= makeDay());
    faults.set([]);
    const { layers, config } = lie(own);
    const put = await putCacheConfig(registry, further, { layers, config });
    const built = await rebased(await day).finally(async () => await deleteManifest(registry, further, put));
    expect(executed(built)).toEqual(NOBODY_HAS.toSorted());
    const { result } = built;
    expect(result.targets[0]?.failures).toEqual([]);
    // All that is not merged is said, and nothing else is left out.
    const known = result.import.way === 'gateway' ? result.import : undefined;
    const reasons = because === undefined ? [] : [because];
    expect(known?.leftOut.map((donor) => donor.because)).toEqual(reasons.map((text) => MATCHING(text)));
    expect(result.warnings.map(({ code }) => code)).toEqual(reasons.map(() => 'cache-not-merged'));
    expect(known?.donors.includes(`${faults.host}/${further}`) || because !== undefined).toBe(true);
  });
});

test('a cache that is wrong about what its layers unpack to is left out alone and by name, though it was asked first, and costs no hit', async ({
  engine,
  skip,
}) => {
  skip(!engine.owned, NOT_OURS);
  const { registry, faults, own, further } = await (day ??= makeDay());
  faults.set([]);
  // It contradicts the pull request's own, and main's about what these two share.
  const layers = own.layers.map((layer) => ({
    ...layer,
    annotations: { ...layer.annotations, 'containerd.io/uncompressed': digestOf(layer.digest) },
  }));
  const put = await putCacheConfig(registry, further, { layers, config: JSON.stringify(own.config) });
  const built = await rebased(await day).finally(async () => await deleteManifest(registry, further, put));
  const liar = `${faults.host}/${further}`;
  const { result } = built;
  expect(executed(built)).toEqual(NOBODY_HAS.toSorted());
  expect(result.import).toMatchObject({ leftOut: [{ id: liar }] });
  expect(result.warnings).toEqual([
    {
      code: 'cache-not-merged',
      message: MATCHING(
        /^not imported: \S+\/cache-test:\w+: disagreement with \S+\/cache-main:\S+ about the blob sha256:.*, and with \d more$/,
      ),
    },
  ]);
  expect(result.targets).toMatchObject([{ outcome: 'built', failures: [] }]);
});

test("main's layers packed in another way than the pull request's own are no less of use", async ({
  engine,
  skip,
}) => {
  skip(!engine.owned, NOT_OURS);
  const { at, registry, faults } = await (day ??= makeDay());
  faults.set([]);
  const { git, commit } = at.agent.checkout;
  const latest = `${at.agent.repositories.cache.main}:latest`;
  const before = await readCache(registry, latest);
  await at.agent.configure((same) => {
    const { targets, ...rest } = chainConfiguration(same, ['test-ci']);
    const cache = { mode: 'max', compression: 'gzip' };
    return { ...rest, targets: { 'test-ci': { ...targets['test-ci'], cache } } };
  });
  await git('switch', '--quiet', 'main');
  await commit({ 'lock.txt': 'three\n' });
  await git('push', '--quiet', 'origin', 'main');
  await at.machine('empty');
  await at.build(MAIN);
  const known = new Set(before.layers.map(({ digest }) => digest));
  const packing = (layers: readonly Layer[]): object =>
    new Set(layers.map(({ mediaType }) => mediaType.replace(/.*\+/, '')));
  const added = (await readCache(registry, latest)).layers.filter(({ digest }) => !known.has(digest));
  expect([packing(added), packing(before.layers)]).toEqual([new Set(['gzip']), new Set(['gzip', 'zstd'])]);

  await git('switch', '--quiet', 'work');
  await git('rebase', '--quiet', 'main');
  const built = await rebased(await day);
  expect(executed(built)).toEqual(NOBODY_HAS.toSorted());
  expect(built.result.warnings).toEqual([]);
});
