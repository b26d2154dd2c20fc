import fc from 'fast-check';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { areaPrefix, keyWithin, type StateArea } from '../../src/state/area.ts';
import { openStore } from '../../src/state/open-store.ts';

const AREAS = [
  { kind: 'machine-image', family: 'cpu' },
  { kind: 'machine-image', family: 'builds' },
  { kind: 'builds', trusted: true },
  { kind: 'builds', trusted: false },
] as const satisfies readonly StateArea[];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmbake-area-'));
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

const open = (area: StateArea) =>
  openStore({ fetch, cwd: directory }, 'store', { region: 'us-east-1', area });

test('no area begins like another one: neither a policy nor a listing of one reaches into the next', () => {
  const prefixes = AREAS.map((area) => `${areaPrefix(area)}/`);
  expect(prefixes.flatMap((a) => prefixes.filter((b) => a !== b && b.startsWith(a)))).toEqual([]);
});

test('what a build of a pull request writes is never read as a lock, a journal or a record of main', async () => {
  const hostile = open({ kind: 'builds', trusted: false });
  for (const key of ['lock.json', 'runs/1.json', '1.json']) {
    await hostile.write(key, '{"state":"held"}', { expected: undefined });
    for (const area of AREAS.slice(0, 3)) expect(await open(area).read(key)).toBeUndefined();
  }
  for (const area of AREAS.slice(0, 3)) {
    expect([await open(area).keys('runs'), await open(area).keys('')]).toEqual([[], []]);
  }
});

test('no key leads out of its area: it is refused, or it stays inside', () => {
  const word = fc.oneof(
    fc.constantFrom('..', '.', '', 'ami', 'lock.json', '\\', '%2e%2e', '\0'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...AREAS), fc.array(word, { minLength: 1, maxLength: 6 }), (area, words) => {
      const key = words.join('/');
      let within: string;
      try {
        within = keyWithin(area, key);
      } catch {
        return;
      }
      expect(join('/', within)).toBe(`/${areaPrefix(area)}/${key}`);
    }),
    { numRuns: 2000 },
  );
});

test.each(['../../ami/cpu/lock.json', '/lock.json', 'a//b', '.hidden', 'a/..'])(
  'the key %s is refused before anything is written',
  async (key) => {
    await expect(
      open({ kind: 'builds', trusted: false }).write(key, '{}', { expected: undefined }),
    ).rejects.toThrow('is not a key');
    expect(await readdir(directory)).toEqual([]);
  },
);
