import { expect, test, vi } from 'vitest';
import { mergeCaches } from '../../../src/cache/merge.ts';
import { sameRecords } from '../../../src/cache/merge/same-records.ts';
import { readCacheManifest } from '../../../src/cache/cache-manifest.ts';
import { roofed } from '../../../src/cache/roofed.ts';
import { isDigest } from '../../../src/registry/reference.ts';
import { importCache, stepsExecuted } from './buildkit.ts';
import { exported } from './builds.ts';
import { type ConfigJson, configOf, digest, donorOf, layerOf } from './caches.ts';

vi.setConfig({ testTimeout: 30_000 });

const [base, top] = [digest('base'), digest('top')];
const DAY = '2026-08-01T10:00:00.123456789Z';
const good = {
  layers: [{ blob: base, parent: -1 }, { blob: top }],
  records: [
    { digest: digest('from') },
    { digest: digest('run'), inputs: [[{ link: 0 }]], layers: [{ layer: 1, createdAt: DAY }] },
  ],
} satisfies ConfigJson;
const honest = { ...donorOf('honest', good), trust: 1 };

function reasonFor(config: object | string, layers?: readonly object[]): string | undefined {
  const merged = mergeCaches([honest, donorOf('liar', config, layers)]);
  expect(merged?.used).toContain('honest');
  return merged?.leftOut.map(({ id, because }) => `${id}: ${because}`).join();
}

test.each([
  ['cut off', JSON.stringify(good).slice(0, -9), 'its config is not a cache config'],
  ['that is a list', '[]', 'its config is not a cache config'],
  ['with a field of tomorrow', { ...good, platforms: [] }, "its config has an unknown field 'platforms'"],
  [
    'with a field of tomorrow in a record',
    { ...good, records: [{ digest: base, unless: [] }] },
    "its config has an unknown field 'unless' in 'records.0'",
  ],
  [
    'with a random key',
    { ...good, records: [{ digest: 'random:1' }] },
    "its config has a wrong 'records.0.digest'",
  ],
  [
    'with no time',
    { ...good, records: [{ digest: base, layers: [{ layer: 0, createdAt: 'today' }] }] },
    "its config has a wrong 'records.0.layers.0.createdAt'",
  ],
  [
    'without the first layer’s parent (absent means 0)',
    { layers: [{ blob: base }], records: [] },
    'its layers lead in a circle',
  ],
  [
    'with a parent that is not there',
    { layers: [{ blob: base, parent: 7 }], records: [] },
    'layer 0 has no parent 7',
  ],
  [
    'with one layer twice',
    {
      ...good,
      layers: [
        { blob: base, parent: -1 },
        { blob: base, parent: -1 },
      ],
    },
    'layer 1 stands there twice',
  ],
  [
    'with an input that is not there',
    { ...good, records: [{ digest: base, inputs: [[{ link: 3 }]] }] },
    'record 0 has no input 3',
  ],
  [
    'with an empty input',
    { ...good, records: [{ digest: base, inputs: [null] }] },
    'record 0 has an empty input',
  ],
  [
    'with a result that is not there',
    { ...good, records: [{ digest: base, layers: [{ layer: 2, createdAt: DAY }] }] },
    'record 0 has no layer 2',
  ],
  [
    'with records in a circle',
    {
      ...good,
      records: [
        { digest: base, inputs: [[{ link: 1 }]] },
        { digest: top, inputs: [[{ link: 0 }]] },
      ],
    },
    'its records lead in a circle',
  ],
])('a config %s is left out, and it is said why', (_, config, because) => {
  expect(reasonFor(config)).toBe(`liar: ${because}`);
});

test('a config that is not the one its manifest names is left out', () => {
  const merged = mergeCaches([{ ...honest, config: Buffer.from('{}') }]);
  expect(merged).toBeUndefined();
  const both = mergeCaches([honest, { ...honest, id: 'liar', config: Buffer.from('{}') }]);
  expect(both?.leftOut).toEqual([
    { id: 'liar', because: 'its config is not the one that its manifest names' },
  ]);
});

test.each([
  ['size', { size: 101 }, '100 or 101 bytes'],
  [
    'content',
    { annotations: { 'containerd.io/uncompressed': base } },
    `content ${digest(`${top} as tar`)} or ${base}`,
  ],
  ['compression', { mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }, 'compressed as gzip or zstd'],
])('a manifest that contradicts a more trusted one about the %s of a blob is left out', (_, change, what) => {
  const layers = [layerOf(base), layerOf(top, change)];
  expect(reasonFor(good, layers)).toBe(`liar: disagreement with honest about the blob ${top}: ${what}`);
});

test('a manifest that contradicts itself is left out, whoever wrote it', () => {
  const layers = [layerOf(base), layerOf(top), layerOf(top, { size: 101 })];
  const merged = mergeCaches([{ ...donorOf('liar', good, layers), trust: 2 }, honest]);
  expect(merged?.used).toEqual(['honest']);
  expect(merged?.leftOut).toEqual([
    { id: 'liar', because: `disagreement with itself about the blob ${top}: 100 or 101 bytes` },
  ]);
});

test("Docker's and OCI's name of a layer type are no contradiction", () => {
  const docker = { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' };
  expect(reasonFor(good, [layerOf(base, docker), layerOf(top, docker)])).toBe('');
});

test.each([
  ['that its manifest does not list', []],
  ['without the digest of its content', [layerOf(base, { annotations: {} })]],
])('a result on a layer %s is dropped, its record stays', (_, below) => {
  const merged = mergeCaches([donorOf('a', good, [...below, layerOf(top)])]);
  expect(configOf(merged!.config.body)).toEqual({
    layers: [],
    records: good.records
      .map(({ digest: own }) => own)
      .toSorted()
      .map((own) => expect.objectContaining({ digest: own })),
  });
  expect(merged?.blobs.size).toBe(0);
});

test('donors that disagree about the result of a record give both; the newest is the last (older BuildKits keep that one) and wins', () => {
  const other = digest('other top');
  const later = '2026-08-01T12:00:00.1+02:00';
  const two = donorOf('two', {
    layers: [
      { blob: base, parent: -1 },
      { blob: other, parent: 0 },
    ],
    records: [good.records[0], { ...good.records[1], layers: [{ layer: 1, createdAt: later }] }],
  });
  for (const donors of [
    [honest, two],
    [two, honest],
  ]) {
    const { layers, records } = configOf(mergeCaches(donors)!.config.body);
    const results = records.flatMap((record) => record.layers ?? []);
    // 12:00:00.1 in a zone two hours ahead is 23 ms before 10:00:00.123.
    expect(results.map(({ layer = 0 }) => layers[layer]?.blob)).toEqual([other, top]);
  }
});

test('blobs say which donors list them', () => {
  const merged = mergeCaches([honest, donorOf('two', { ...good, records: [good.records[0]] })]);
  expect(merged?.used).toEqual(['honest', 'two']);
  expect([...merged!.blobs].map(([blob, { donors, descriptor }]) => [blob, donors, descriptor])).toEqual(
    [base, top].toSorted().map((blob) => [blob, ['honest', 'two'], layerOf(blob)]),
  );
});

test('over the limit donors are left out from the last one on', () => {
  const donors = ['a', 'b', 'c', 'd'].map((name) =>
    donorOf(name, {
      layers: [],
      records: Array.from({ length: 20 }, (_, at) => ({ digest: digest(`${name}${at}`) })),
    }),
  );
  const merged = mergeCaches(donors, { limit: 6_000 });
  expect(merged?.used).toEqual(['a', 'b']);
  expect(merged?.leftOut.map(({ id }) => id)).toEqual(['d', 'c']);
  expect(merged?.leftOut[1]?.because).toMatch(/^with it the merged config would have \d+ bytes, limit 6000$/);
  expect(mergeCaches(donors, { limit: 100 })).toBeUndefined();
});

test('a cache that takes nearly all of the limit does not push out the others', () => {
  const filled = (name: string, records: number) =>
    donorOf(name, {
      layers: [],
      records: Array.from({ length: records }, (_, at) => ({ digest: digest(`${name}${at}`) })),
    });
  const others = ['a', 'b', 'c'].map((name) => filled(name, 4));
  const merged = mergeCaches([filled('junk', 55), ...others], { limit: 6_000 });
  expect(merged?.used).toEqual(['a', 'b', 'c']);
  expect(merged?.leftOut.map(({ id }) => id)).toEqual(['junk']);
  // Where the last one is enough, it goes: what is nearer is of more use, however large.
  const near = mergeCaches([filled('near', 48), ...others], { limit: 6_000 });
  expect(near?.leftOut.map(({ id }) => id)).toEqual(['c']);
});

test('a cache that is too entangled to be merged is left out alone, however near it is', () => {
  const root = { digest: digest('root') };
  const knot = (count: number): ConfigJson => ({
    layers: [],
    records: [
      root,
      ...Array.from({ length: count }, (_, at) => ({
        digest: digest('knot'),
        inputs: Array.from({ length: 12 }, (_slot, bit) => [{ link: 0, selector: String((at >> bit) & 1) }]),
      })),
    ],
  });
  const merged = mergeCaches([donorOf('knot', knot(2048)), honest, donorOf('fine', knot(2))], {
    limit: 10_000_000,
  });
  expect(merged?.used).toEqual(['honest', 'fine']);
  expect(merged?.leftOut).toEqual([{ id: 'knot', because: 'its records are too entangled to be merged' }]);
});

/** A chain of so many records, each with another one at its side. */
function chain(length: number, name: string): ConfigJson {
  const records = Array.from({ length }, (_, at) => ({
    digest: at % 2 === 0 ? digest(`chain ${at}`) : digest(`${name} ${at}`),
    ...(at < 2 ? {} : { inputs: [[{ link: at % 2 === 0 ? at - 2 : at - 1 }]] }),
  }));
  return { layers: [], records };
}

test('10,000 records, a chain of 5,000 among them, are merged without going through them again and again', () => {
  const donors = ['a', 'b', 'c'].map((name) => donorOf(name, chain(10_000, name)));
  const merged = mergeCaches(
    donors.map((donor) => donor),
    { limit: 10_000_000 },
  );
  expect(merged?.leftOut.map(({ because }) => because)).toEqual([]);
  expect(merged?.records).toBe(5_000 + 3 * 5_000 + 1);
});

test('two records become the same late, by something far away: so do the records that use them', () => {
  const record = (word: string, ...links: readonly number[]) => {
    const text = digest(word);
    if (!isDigest(text)) throw new Error(text);
    return { digest: text, slots: links.length === 0 ? [] : [links.map((to) => ({ to, selector: '' }))] };
  };
  const same = sameRecords([
    record('a'),
    record('b'),
    record('root'),
    record('y', 2),
    record('z', 3),
    record('x', 4),
    record('y', 2),
    record('z', 6),
    record('x', 7),
    record('run', 0),
    record('run', 0, 5),
    record('run', 1),
    record('run', 1, 8),
    record('use', 9),
    record('use', 11),
  ]);
  expect(same?.[9]).toBe(same?.[11]);
  expect(same?.[13]).toBe(same?.[14]);
  expect(new Set(same).size).toBe(8);
});

test('the search for same records is linear in builds, and given up where records are entangled on purpose', () => {
  const part = (word: string) => {
    const text = digest(word);
    if (!isDigest(text)) throw new Error(text);
    return text;
  };
  const root = { digest: part('root'), slots: [] };
  const build = Array.from({ length: 20_000 }, (_, at) =>
    at % 10_000 === 0
      ? root
      : { digest: part(`step ${at % 10_000}`), slots: [[{ to: at - 1, selector: '' }]] },
  );
  expect(new Set(sameRecords(build, 200_000)).size).toBe(10_000);
  const bits = Array.from({ length: 4096 }, (_, at) => ({
    digest: part('knot'),
    slots: Array.from({ length: 12 }, (_slot, bit) => [{ to: 0, selector: String((at >> bit) & 1) }]),
  }));
  expect(sameRecords([root, ...bits], 100_000)).toBeUndefined();
});

test('without a roof a walk from a second leaf forgets what the first one stored; with it nothing is lost', () => {
  const build = [
    { name: 'base', takes: [] },
    { name: 'end', takes: [0] },
    { name: 'side', takes: [0] },
    { name: 'other end', takes: [2, 0] },
  ];
  const union = exported(build, { results: [], day: 1 });
  const pack = roofed(
    {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      body: Buffer.from(JSON.stringify({ config: honest.manifest.config })),
    },
    Buffer.from(JSON.stringify(union)),
  );
  const lost = (config: ConfigJson): readonly number[] =>
    [0, 1, 2, 3].flatMap((seed) => {
      let turn = seed;
      const chance = (count: number): number => (turn = (turn * 7 + 3) % 101) % count;
      const imported = importCache(config, chance);
      return stepsExecuted(build, [imported], chance);
    });
  expect(lost(union)).not.toEqual([]);
  expect(lost(configOf(pack!.config.body))).toEqual([]);
});

test('an export gets its roof and keeps all else; one with a single leaf, or one that is not understood, stays as it is', () => {
  const config = { layers: good.layers, records: [...good.records, { digest: digest('leaf') }] };
  const { manifest } = donorOf('x', config);
  const file = {
    schemaVersion: 2,
    mediaType: manifest.mediaType,
    config: manifest.config,
    layers: manifest.layers,
    annotations: { a: 'b' },
  };
  const given = { mediaType: manifest.mediaType, body: Buffer.from(JSON.stringify(file)) };
  const roof = roofed(given, Buffer.from(JSON.stringify(config)))!;
  const inputs = [[{ link: 1 }], [{ link: 2 }]];
  expect(configOf(roof.config.body)).toEqual({
    ...config,
    records: [...config.records, { digest: expect.stringMatching(/^sha256:/), inputs }],
  });
  const { digest: own, body } = roof.config;
  expect(JSON.parse(Buffer.from(roof.manifest.body).toString())).toEqual({
    ...file,
    config: { ...file.config, digest: own, size: body.length },
  });
  expect(readCacheManifest(roof.manifest.body).kind).toBe('cache');
  expect(roofed(given, roof.config.body)).toBeUndefined();
  expect(roofed(given, Buffer.from(JSON.stringify(good)))).toBeUndefined();
  expect(roofed(given, Buffer.from('{"records":[{},{}]}'))).toBeUndefined();
});
