import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCacheManifest } from '../../../src/cache/cache-manifest.ts';
import { mergeCaches } from '../../../src/cache/merge.ts';
import { doubtedAmong, type Witness } from '../../../src/cache/merge/believed.ts';
import { contradiction, statementOf } from '../../../src/cache/merge/contradiction.ts';
import { digest, donorOf, layerOf } from './caches.ts';

const BLOBS = ['a', 'b', 'c', 'd'] as const;
/** What is said of a blob: the truth, some of it, or one of several lies. */
const SAID = {
  truth: {},
  part: { annotations: {} },
  size: { size: 7 },
  content: { annotations: { 'containerd.io/uncompressed': digest('something else') } },
  packing: { mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' },
} as const;
type Said = Readonly<Record<string, keyof typeof SAID>>;

function layersOf(said: Said): readonly object[] {
  return Object.entries(said).map(([blob, what]) => layerOf(digest(blob), SAID[what]));
}

function witness(id: string, said: Said, trust = 0): Witness {
  const config = { mediaType: 'application/vnd.buildkit.cacheconfig.v0', digest: digest('config'), size: 2 };
  const manifest = readCacheManifest(Buffer.from(JSON.stringify({ config, layers: layersOf(said) })));
  if (manifest.kind !== 'cache') throw new Error(manifest.because);
  const read = statementOf(manifest.layers);
  if ('because' in read) throw new Error(read.because);
  return { id, trust, statement: read.statement };
}

function contradict(one: Witness, other: Witness): boolean {
  return [...one.statement].some(([blob, layer]) => {
    const known = other.statement.get(blob);
    return known !== undefined && contradiction(layer, known) !== undefined;
  });
}

function idsOf(doubted: readonly { readonly id: string }[]): readonly string[] {
  return doubted.map(({ id }) => id).toSorted();
}

function believedOf(witnesses: readonly Witness[]): readonly Witness[] {
  const doubted = new Set(idsOf(doubtedAmong(witnesses)));
  return witnesses.filter(({ id }) => !doubted.has(id));
}

const honestly = fc.record(
  { a: truth(), b: truth(), c: truth(), d: truth() },
  { requiredKeys: [] },
) satisfies fc.Arbitrary<Said>;
const anyhow = fc.dictionary(
  fc.constantFrom(...BLOBS),
  fc.constantFrom<keyof typeof SAID>('truth', 'part', 'size', 'content', 'packing'),
) as fc.Arbitrary<Said>;

function truth(): fc.Arbitrary<'truth' | 'part'> {
  return fc.constantFrom('truth', 'truth', 'part');
}

/** Witnesses with an id each; their trust is one of `trusts`. */
function several(said: fc.Arbitrary<Said>, trusts: readonly [number, ...number[]], name = 'w') {
  return fc
    .array(fc.tuple(said, fc.constantFrom(...trusts)), { minLength: 1, maxLength: 7 })
    .map((all) => all.map(([what, trust], at) => witness(`${name}${at}`, what, trust)));
}
const anybody = several(anyhow, [0, 1, 2]);
/** Each contradicts the one before it and the one after it: some that are left out first contradict nobody in the end. */
const inARow = fc
  .uniqueArray(fc.nat(), { minLength: 4, maxLength: 7 })
  .map((blobs) => [
    ...blobs.map((blob, at) =>
      witness(`${at}`, { [at === 0 ? 'own' : `${blobs[at - 1]}`]: 'truth', [`${blob}`]: 'size' }),
    ),
    witness('last', { [`${blobs.at(-1)}`]: 'truth' }),
  ]);

describe('where caches contradict each other about a layer', () => {
  test('as long as each liar contradicts more honest ones than there are liars, exactly the liars are left out', () => {
    fc.assert(
      fc.property(several(honestly, [1]), several(anyhow, [1], 'liar'), (honest, others) => {
        const liars = others.filter((liar) => honest.some((one) => contradict(one, liar)));
        const outnumbered = (liar: Witness): boolean =>
          // Who says the same counts once.
          distinct(honest.filter((one) => contradict(one, liar))) > distinct(liars);
        fc.pre(liars.length > 0 && liars.every(outnumbered));
        expect(idsOf(doubtedAmong([...liars, ...honest]))).toEqual(idsOf(liars));
      }),
      { numRuns: 500 },
    );
  });

  test('one that contradicts a majority of those that agree removes none of them', () => {
    fc.assert(
      fc.property(several(honestly, [0]), anyhow, (honest, said) => {
        const liar = witness('liar', said);
        const against = honest.filter((one) => contradict(one, liar));
        fc.pre(distinct(against) > 1 && 2 * against.length > honest.length);
        expect(idsOf(doubtedAmong([liar, ...honest]))).toEqual(['liar']);
      }),
      { numRuns: 300 },
    );
  });

  test('no number of less trusted ones keeps a more trusted one out, or lets one in', () => {
    fc.assert(
      fc.property(anybody, fc.constantFrom(1, 2), (all, trust) => {
        const trusted = all.filter((one) => one.trust >= trust);
        const believed = believedOf(all).filter((one) => one.trust >= trust);
        // What a less trusted one says as well is no other word.
        const words = new Set(trusted.map(textOf));
        fc.pre(all.every((one) => one.trust >= trust || !words.has(textOf(one))));
        expect(believed).toEqual(believedOf(trusted));
      }),
      { numRuns: 500 },
    );
  });

  test('those that are left agree, and nobody is left out who contradicts none of them', () => {
    fc.assert(
      fc.property(fc.oneof(anybody, inARow), (all) => {
        const believed = believedOf(all);
        expect(believed.flatMap((one) => believed.filter((other) => contradict(one, other)))).toEqual([]);
        for (const one of all.filter((each) => !believed.includes(each))) {
          expect(believed.some((other) => contradict(one, other))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('neither order nor names matter, nor that one says the same again', () => {
    fc.assert(
      fc.property(anybody, fc.nat(), (all, turn) => {
        const at = turn % all.length;
        const turned = [...all.slice(at), ...all.slice(0, at)].toReversed();
        const renamed = turned.map((one, i) => ({ ...one, id: `z${i}` }));
        const texts = believedOf(all).map(textOf).toSorted();
        expect(believedOf(renamed).map(textOf).toSorted()).toEqual(texts);
        const again = all.slice(0, at).map((one) => ({ ...one, id: `${one.id} again` }));
        expect(believedOf([...all, ...again]).filter((one) => all.includes(one))).toEqual(believedOf(all));
      }),
      { numRuns: 300 },
    );
  });

  test('it is told whom one contradicts, about what, and how many more', () => {
    const said = [witness('liar', { a: 'size' }), witness('x', { a: 'truth' }), witness('y', { a: 'part' })];
    expect(doubtedAmong(said)).toEqual([
      {
        id: 'liar',
        because: expect.stringMatching(
          `^disagreement with [xy] about the blob ${digest('a')}: 100 or 7 bytes, and with 1 more$`,
        ),
      },
    ]);
  });
});

test('a merge with liars among its donors is the merge of the others, whoever comes first', () => {
  const config = (blob: string) => ({
    layers: [{ blob: digest(blob), parent: -1 }],
    records: [{ digest: digest(`step ${blob}`) }],
  });
  const donors = [
    donorOf('liar', config('a'), layersOf({ a: 'size', b: 'content' })),
    ...BLOBS.map((blob) => donorOf(blob, config(blob), layersOf({ a: 'truth', [blob]: 'truth' }))),
  ];
  const honest = mergeCaches(donors.slice(1));
  expect(honest?.used).toEqual(BLOBS);
  for (const order of [donors, donors.toReversed()]) {
    const merged = mergeCaches(order);
    expect(merged?.leftOut.map(({ id }) => id)).toEqual(['liar']);
    expect(merged?.manifest).toEqual(honest?.manifest);
  }
});

function distinct(witnesses: readonly Witness[]): number {
  return new Set(witnesses.map(textOf)).size;
}

function textOf({ statement }: Witness): string {
  return JSON.stringify([...statement.values()].toSorted((a, b) => (a.digest < b.digest ? -1 : 1)));
}
