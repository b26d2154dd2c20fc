import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { type Donor, mergeCaches, type MergedCache } from '../../../src/cache/merge.ts';
import { importCache, stepsExecuted, type Chance } from './buildkit.ts';
import { exportsOfOneProject } from './builds.ts';
import { type ConfigJson, configOf, digest, donorOf, type RecordJson } from './caches.ts';

// Three builds on two cores beside this one must not fail it.
vi.setConfig({ testTimeout: 60_000 });

const chances: fc.Arbitrary<Chance> = fc.infiniteStream(fc.nat()).map((stream) => (count) => {
  const { value } = stream.next() as { readonly value: number };
  return value % count;
});

function merged(donors: readonly Donor[]): MergedCache {
  const cache = mergeCaches(donors);
  if (cache === undefined) throw new Error('no donor is left');
  expect(cache.leftOut).toEqual([]);
  return cache;
}

function donorsOf(configs: readonly ConfigJson[]): readonly Donor[] {
  return configs.map((config, at) => donorOf(`donor ${at}`, config));
}

/** A merged cache as a donor of a further merge. */
function again(id: string, { manifest, config }: MergedCache): Donor {
  const layers = (JSON.parse(Buffer.from(manifest.body).toString()) as { layers: object[] }).layers;
  return donorOf(id, Buffer.from(config.body).toString(), layers);
}

function text({ manifest, config }: MergedCache): string {
  return `${Buffer.from(manifest.body).toString()}${Buffer.from(config.body).toString()}`;
}

/** Any caches that are well-formed, whether a build would make them or not: records take earlier ones by few digests and selectors. */
const anyConfig: fc.Arbitrary<ConfigJson> = fc
  .array(
    fc.record({
      digest: fc.constantFrom('a', 'b', 'c'),
      inputs: fc.array(
        fc.array(fc.record({ link: fc.nat(), selector: fc.constantFrom('', '', 'part') }), {
          minLength: 1,
          maxLength: 2,
        }),
        { maxLength: 2 },
      ),
      layers: fc.array(fc.record({ layer: fc.nat(), day: fc.integer({ min: 1, max: 9 }) }), { maxLength: 2 }),
      chains: fc.array(fc.array(fc.nat(), { maxLength: 2 }), { maxLength: 1 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .chain((drafts) =>
    fc
      .uniqueArray(fc.tuple(fc.constantFrom('p', 'q', 'r'), fc.nat()), {
        minLength: 1,
        maxLength: 6,
        selector: ([blob]) => blob,
      })
      .map((blobs) => ({
        layers: blobs.map(([blob, parent], at) => ({
          blob: digest(blob),
          parent: at === 0 ? -1 : (parent % (at + 1)) - 1,
        })),
        records: drafts.map((draft, at): RecordJson => ({
          digest: digest(draft.digest),
          inputs:
            at === 0
              ? []
              : draft.inputs.map((ways) => ways.map(({ link, selector }) => ({ link: link % at, selector }))),
          layers: draft.layers.map(({ layer, day }) => ({
            layer: layer % blobs.length,
            createdAt: `2026-08-0${day}T00:00:00Z`,
          })),
          chains: draft.chains.map((chain) => ({
            layers: chain.map((layer) => layer % blobs.length),
            createdAt: '2026-08-05T00:00:00Z',
          })),
        })),
      })),
  );

/** The same with the depth in each digest, as good as in builds: keys that depend on each other both ways lose a way. */
function levelled({ layers, records }: ConfigJson): ConfigJson {
  const depths: number[] = [];
  for (const { inputs = [] } of records) {
    depths.push(Math.max(0, ...inputs.flat().map(({ link = 0 }) => (depths[link] ?? 0) + 1)));
  }
  return {
    layers,
    records: records.map((record, at) => ({ ...record, digest: digest(`${record.digest} ${depths[at]}`) })),
  };
}
const anyConfigs = fc.array(anyConfig, { minLength: 1, maxLength: 4 });

test('a build executes no step that any donor alone would have spared it, however BuildKit walks (L0)', () => {
  fc.assert(
    fc.property(exportsOfOneProject, chances, ({ builds, configs }, chance) => {
      const union = importCache(configOf(merged(donorsOf(configs)).config.body), chance);
      for (const build of builds) {
        const together = stepsExecuted(build, [union], chance);
        for (const config of configs) {
          const alone = stepsExecuted(build, [importCache(config, chance, 'whole')], chance);
          expect(together.filter((step) => !alone.includes(step))).toEqual([]);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('what a build executes is the same in every run', () => {
  fc.assert(
    fc.property(exportsOfOneProject, chances, ({ builds, configs }, chance) => {
      const config = configOf(merged(donorsOf(configs)).config.body);
      for (const build of builds) {
        const runs = [1, 2, 3].map(() => String(stepsExecuted(build, [importCache(config, chance)], chance)));
        expect(new Set(runs).size).toBe(1);
      }
    }),
  );
});

test('every record and result of every donor is in the merge, once', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyConfigs.map((configs) => configs.map(levelled)),
        exportsOfOneProject.map(({ configs }) => configs),
      ),
      (configs) => {
        const union = configOf(merged(donorsOf(configs)).config.body);
        for (const config of configs) expect(missing(config, union)).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

test('the order of the donors does not matter, nor does a donor that comes twice', () => {
  fc.assert(
    fc.property(anyConfigs, fc.nat(), (configs, turn) => {
      const donors = donorsOf(configs);
      const at = turn % donors.length;
      const turned = [...donors.slice(at), ...donors.slice(0, at)].toReversed();
      const twice = [...turned, { ...turned[0]!, id: 'once more' }];
      expect(text(merged(twice))).toBe(text(merged(donors)));
    }),
  );
});

test('what is merged already, is merged to itself', () => {
  fc.assert(
    fc.property(anyConfigs, (configs) => {
      const once = merged(donorsOf(configs));
      expect(text(merged([again('merged', once)]))).toBe(text(once));
    }),
  );
});

test('caches of builds may be merged one after another, in any grouping', () => {
  fc.assert(
    fc.property(exportsOfOneProject, fc.nat(), ({ configs }, split) => {
      const donors = donorsOf(configs);
      const at = split % donors.length;
      const [left, right] = [donors.slice(0, at), donors.slice(at)];
      const parts = [left, right].flatMap((part, n) =>
        part.length === 0 ? [] : [again(`part ${n}`, merged(part))],
      );
      expect(text(merged(parts))).toBe(text(merged(donors)));
    }),
  );
});

test('a merge has one leaf, valid indices, no loops, and lists every layer that it names', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyConfigs,
        exportsOfOneProject.map(({ configs }) => configs),
      ),
      (configs) => {
        const cache = merged(donorsOf(configs));
        const { layers, records } = configOf(cache.config.body);
        const inputs = records.map((record) => (record.inputs ?? []).flat().map(({ link = 0 }) => link));
        const used = new Set(inputs.flat());
        expect([...records.keys()].filter((at) => !used.has(at))).toHaveLength(1);
        expect([...used].filter((at) => records[at] === undefined)).toEqual([]);
        const under = records.flatMap(({ layers: own = [], chains = [] }) => [
          ...own.map(({ layer = 0 }) => layer),
          ...chains.flatMap((chain) => chain.layers),
        ]);
        expect(under.filter((at) => layers[at] === undefined)).toEqual([]);
        const depth = (at: number, seen: readonly number[]): void => {
          if (seen.includes(at)) throw new Error(`loop: ${[...seen, at].join()}`);
          for (const to of inputs[at] ?? []) depth(to, [...seen, at]);
        };
        for (const at of records.keys()) depth(at, []);
        expect(new Set(cache.blobs.keys())).toEqual(new Set(layers.map(({ blob }) => blob)));
        expect(cache.records).toBe(records.length);
      },
    ),
  );
});

/** Records and results of a donor that are not in a merge. */
function missing(donor: ConfigJson, union: ConfigJson): readonly string[] {
  const home: number[] = [];
  return donor.records.flatMap((record, at) => {
    const homes = [...union.records.keys()].filter((one) => isHome(union.records[one], record, home));
    home[at] = homes[0] ?? -1;
    if (homes.length !== 1) return [`record ${at} has ${homes.length} homes`];
    const results = resultsOf(union, homes[0]!);
    return [...resultsOf(donor, at)].flatMap(([blobs, day]) =>
      (results.get(blobs) ?? '') >= day ? [] : [`record ${at}: ${blobs} of ${day}`],
    );
  });
}

function isHome(union: RecordJson | undefined, record: RecordJson, home: readonly number[]): boolean {
  const [slots, own] = [union?.inputs ?? [], record.inputs ?? []];
  const share = own.every((ways, slot) =>
    ways.some(({ link = 0, selector = '' }) =>
      slots[slot]?.some((way) => (way.link ?? 0) === home[link] && (way.selector ?? '') === selector),
    ),
  );
  return union?.digest === record.digest && slots.length === own.length && share;
}

/** Blobs, lowest first, of each result, with its newest time. */
function resultsOf({ layers, records }: ConfigJson, at: number): ReadonlyMap<string, string> {
  const blobsUnder = (layer: number): readonly string[] => {
    const { blob, parent = 0 } = layers[layer]!;
    return parent === -1 ? [blob] : [...blobsUnder(parent), blob];
  };
  const { layers: own = [], chains = [] } = records[at]!;
  const results = [
    ...own.map(({ layer = 0, createdAt }) => [`layer ${blobsUnder(layer).join()}`, createdAt] as const),
    ...chains.map(
      (chain) =>
        [`chain ${chain.layers.map((layer) => layers[layer]!.blob).join()}`, chain.createdAt] as const,
    ),
  ];
  const newest = new Map<string, string>();
  for (const [blobs, day] of results) if (day > (newest.get(blobs) ?? '')) newest.set(blobs, day);
  return newest;
}
