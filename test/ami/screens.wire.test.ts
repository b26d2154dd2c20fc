import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFleet, useFront, type Fleet } from '../../parts/moto/fleet.ts';
import { warmbake } from '../../parts/moto/run.ts';
import type { Running } from '../../parts/part.ts';
import { columnsOf } from '../../src/cli/fit.ts';
import { needsMoto } from '../tiers/moto.ts';
import { conformingFleet } from './conforming-fleet.ts';

const isThere = await needsMoto();
let fleet: Fleet & Running;

beforeAll(async () => {
  if (!isThere) return;
  fleet = conformingFleet(await startFleet({ days: 7 }));
  useFront(fleet.front);
  const [newest] = fleet.images;
  if (newest === undefined) throw new Error('no image');
  await fleet.furnish.addInstance(newest);
  await fleet.run('ami', 'publish', newest);
});
afterAll(async () => {
  if (isThere) await fleet.stop();
});

test.each([
  ['status'],
  ['list'],
  ['history'],
  ['clean', '--dry-run'],
  ['roll', '--dry-run'],
  ['rollback', '--reason', 'agents do not start', '--dry-run'],
  ['rollback', '--reason', 'agents do not start', '--yes'],
  ['status', '--max-age', '1m', '--require-in-sync'],
])('ami %s fits on a screen of 80 columns, what is there to be copied, too', async (...words) => {
  const { out, err } = await warmbake(['ami', ...words, '--config', fleet.config], {
    env: { COLUMNS: '80' },
  });
  const lines = `${out}${err}`.split('\n');
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.filter((line) => columnsOf(line) > 80)).toEqual([]);
});
