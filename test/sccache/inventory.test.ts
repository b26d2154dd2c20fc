import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hitRates } from '../../src/sccache/hit-rates.ts';
import { MOST_PREFIXES, countObjects } from '../../src/sccache/inventory.ts';
import { namespaceOf } from '../../src/sccache/key.ts';
import { isStore, parseLocation } from '../../src/sccache/location.ts';
import { settingsOf } from './settings.ts';

const NOW = new Date('2026-08-21T11:00:00Z');
const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000);

describe('a key of sccache', () => {
  test.for([
    ['d/d/a/dda867ba', ''],
    ['pre/fix/d/d/a/dda867ba', 'pre/fix'],
    ['a/b/c/a/b/c/abc123', 'a/b/c'],
    ['.sccache_check', ''],
    ['ci/.sccache_check', 'ci'],
    ['d/d/a/ffa867ba', undefined],
    ['photos/1.jpg', undefined],
    ['d/d/a', undefined],
    ['', undefined],
  ])("'%s' lies below %j", ([key, prefix]) => {
    expect(namespaceOf(key ?? '')).toBe(prefix);
  });

  test('of any prefix is found again', () => {
    const part = fc.stringMatching(/^[\w.-]{1,6}$/);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), fc.stringMatching(/^[0-9a-f]{64}$/), (parts, hash) => {
        const key = [...parts, hash[0], hash[1], hash[2], hash].join('/');
        expect(namespaceOf(key)).toBe(parts.join('/'));
      }),
    );
  });
});

describe('counting', () => {
  test('goes by prefix and age, with what is not sccache beside', () => {
    const counter = countObjects(NOW);
    counter.add({ key: 'cpu/a/b/c/abc1', bytes: 10, written: daysAgo(0.5) });
    counter.add({ key: 'cpu/a/b/c/abc2', bytes: 20, written: daysAgo(7) });
    counter.add({ key: 'a/b/c/abc3', bytes: 40, written: daysAgo(400) });
    counter.add({ key: 'photos/1.jpg', bytes: 80, written: daysAgo(1) });
    const none = { objects: 0, bytes: 0 };
    expect(counter.total()).toEqual({
      objects: 4,
      bytes: 150,
      prefixes: [
        { prefix: '', objects: 1, bytes: 40, ages: [none, none, none, none, { objects: 1, bytes: 40 }] },
        {
          prefix: 'cpu',
          objects: 2,
          bytes: 30,
          ages: [{ objects: 1, bytes: 10 }, none, { objects: 1, bytes: 20 }, none, none],
        },
      ],
      rest: { objects: 1, bytes: 80 },
    });
  });

  test('loses no object and no byte, and keeps a bounded number of prefixes', () => {
    const counter = countObjects(NOW);
    for (let n = 0; n < 3 * MOST_PREFIXES; n += 1) {
      counter.add({ key: `p${n}/a/b/c/abc${n}`, bytes: 1, written: daysAgo(n) });
    }
    const { objects, bytes, prefixes, rest } = counter.total();
    expect({ objects, bytes }).toEqual({ objects: 3 * MOST_PREFIXES, bytes: 3 * MOST_PREFIXES });
    expect(prefixes).toHaveLength(MOST_PREFIXES);
    expect(rest.objects).toBe(2 * MOST_PREFIXES);
  });

  test('takes an object from the future for a new one', () => {
    const counter = countObjects(NOW);
    counter.add({ key: 'a/b/c/abc', bytes: 1, written: daysAgo(-1) });
    expect(counter.total().prefixes[0]?.ages[0]).toEqual({ objects: 1, bytes: 1 });
  });
});

describe('hit rates over stored builds', () => {
  async function* records(...all: readonly unknown[]): AsyncGenerator {
    yield* all;
  }
  const build = (name: string, sccache?: object): object => ({ targets: [{ name, sccache }] });

  test('count lookups, not builds, by target; builds that ran nothing do not lower the rate', async () => {
    const rates = await hitRates(
      records(
        build('app', { state: 'measured', totals: { hits: 90, misses: 10 } }),
        build('app', { state: 'measured', totals: { hits: 0, misses: 100 } }),
        build('app', { state: 'not-run' }),
        build('tool', { state: 'not-run' }),
      ),
    );
    expect(rates).toEqual([
      {
        target: 'app',
        builds: 3,
        states: { measured: 2, 'not-run': 1 },
        hits: 90,
        misses: 110,
        hitRate: 0.45,
      },
      { target: 'tool', builds: 1, states: { 'not-run': 1 }, hits: 0, misses: 0 },
    ]);
  });

  test('pass over records without sccache, of other versions and of other things', async () => {
    const strange = [build('app'), {}, null, 'text', { targets: [{ name: 1 }] }];
    expect(await hitRates(records(...strange))).toEqual([]);
    const half = { targets: [{ name: 'app' }, { name: 'tool', sccache: { state: 'silent' } }] };
    expect(await hitRates(records(half))).toMatchObject([{ target: 'tool', builds: 1 }]);
  });
});

describe('where sccache says that it stores', () => {
  test.for([
    ['s3, name: store, prefix: /ci/app/', true],
    ['s3, name: store, prefix: /', false],
    ['s3, name: other, prefix: /ci/app/', false],
    ['Local disk: "/root/.cache/sccache"', false],
    ['ghac, name: sccache-v0.17.0, prefix: /ci/app/', false],
  ] as const)('%s is the configured store: %s', ([location, same]) => {
    expect(isStore(parseLocation(location), settingsOf({ prefix: 'ci/app' }))).toBe(same);
  });
});
