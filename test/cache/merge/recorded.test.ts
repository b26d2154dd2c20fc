import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readCacheManifest } from '../../../src/cache/cache-manifest.ts';
import { type Donor, mergeCaches } from '../../../src/cache/merge.ts';
import { leavesOf } from '../../../src/cache/merge/roof.ts';
import { readCacheConfig } from '../../../src/cache/merge/read-config.ts';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/cache');

/** Exported by Docker Engine 28.5 from the project of `merge.slow.test.ts`: main and a branch with other assets and sources. */
async function recorded(id: string): Promise<Donor> {
  const manifest = readCacheManifest(await readFile(path.join(FIXTURES, `${id}.manifest.json`)));
  if (manifest.kind !== 'cache') throw new Error(manifest.because);
  return { id, manifest, config: await readFile(path.join(FIXTURES, `${id}.config.json`)) };
}

// Each was built on an empty store: shared steps ran twice, and both results of them are kept.
test('two caches of 16 records that an engine made share what they can, and get one leaf', async () => {
  const [main, branch] = [await recorded('main'), await recorded('branch')];
  const merged = mergeCaches([branch, main]);
  if (merged === undefined) throw new Error('nothing merged');
  expect(merged.leftOut).toEqual([]);
  const read = readCacheConfig(merged.config.body);
  if (read.state !== 'read') throw new Error(read.because);
  const { layers, records } = read.graph;
  expect([layers.length, records.length, leavesOf(records).length]).toEqual([21, 26, 1]);
  const shared = [...merged.blobs.values()].filter(({ donors }) => donors.length === 2);
  expect([shared.length, merged.blobs.size]).toEqual([1, 21]);
});
