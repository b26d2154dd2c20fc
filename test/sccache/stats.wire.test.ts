import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { sccacheStatsCommand } from '../../src/cli/commands/sccache/stats.ts';
import { countObjects } from '../../src/sccache/inventory.ts';
import { listStore } from '../../src/sccache/listing.ts';
import { openS3 } from '../../src/sccache/s3.ts';
import { type ListingServer, startListing } from './listing-server.ts';
import type { Running } from '../../parts/part.ts';
import { useBench } from './bench.ts';
import { refusal } from './moto-store.ts';
import { settingsOf } from './settings.ts';
import { pageText } from '../cli/page-text.ts';

const bench = await useBench(['broken']);
let listing: (ListingServer & Running) | undefined;
afterEach(async () => await listing?.stop());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function stats(count: number) {
  listing = await startListing(count, new Date());
  return await bench.run(sccacheStatsCommand, { endpoint: listing.endpoint });
}

test('objects, bytes and ages are counted by prefix over all pages', async () => {
  const { json, page } = await stats(12_000);
  expect(json).toMatchObject({
    objects: 12_000,
    rest: { objects: 1_200 },
    prefixes: [
      { prefix: 'cuda/12', objects: 6_000 },
      { prefix: 'cpu', objects: 4_800 },
    ],
  });
  expect(listing?.pages()).toBe(12);
  expect(
    pageText(page)
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' ')),
  ).toEqual([
    'PREFIX OBJECTS SIZE < 1 D < 7 D < 30 D < 90 D OLDER',
    expect.stringMatching(/^cuda\/12 6000 6\.3 MB - \d/),
    expect.stringMatching(/^cpu 4800 5\.0 MB/),
    '(not sccache) 1200 1.3 MB',
    'total 12000 12.6 MB',
    '',
  ]);
});

test('memory does not grow with the number of objects', async () => {
  const now = new Date();
  listing = await startListing(40_000, now);
  const s3 = await openS3(bench.host, settingsOf({ endpoint: listing.endpoint }));
  const counter = countObjects(now);
  const heap: number[] = [];
  for await (const page of listStore(s3, settingsOf())) {
    for (const object of page) counter.add(object);
    collectGarbage();
    heap.push(process.memoryUsage().heapUsed);
  }
  expect(counter.total().objects).toBe(40_000);
  // Kept, the objects after the tenth page would be 10 MB and more.
  expect((heap.at(-1) ?? 0) - (heap[9] ?? 0)).toBeLessThan(3_000_000);
});

test('an empty store is told as empty', async () => {
  const { json } = await stats(0);
  expect(json).toMatchObject({ objects: 0, bytes: 0, prefixes: [] });
});

test('a listing that breaks off is an error and no smaller count', async () => {
  bench.store.faults.set([
    { on: ({ path }) => path.includes('list-type'), fault: refusal(403, 'AccessDenied') },
  ]);
  await expect(bench.run(sccacheStatsCommand, { bucket: 'broken' })).rejects.toMatchObject({
    code: 'aws-denied',
    message: expect.stringContaining('s3:ListBucket (arn:aws:s3:::broken)'),
  });
});
