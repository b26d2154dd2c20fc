import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepRecord, openRecords, readRecords } from '../../src/image-step/record-store.ts';
import type { BuildContext } from '../../src/context/context.ts';
import type { Host } from '../../src/platform/host.ts';
import { spawnProcesses } from '../../src/platform/spawn.ts';

let directory = '';
let warnings: string[] = [];
let host: Host;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'warmbake-records-'));
  warnings = [];
  host = {
    cwd: directory,
    env: {},
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.warning.code);
    },
    platform: 'linux/amd64',
    processes: spawnProcesses(),
    clock: { now: () => new Date(0), sleep: async () => undefined },
    random: () => 0.5,
    signal: new AbortController().signal,
    fetch,
    scratch: directory,
  };
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

function ofBuild(number: string): BuildContext {
  const build = { number, id: 'id' };
  return { origin: { kind: 'main', branch: 'main' }, trusted: true, because: '', build };
}

async function keep(
  number: string,
  document: object,
  { place = 'state', trusted = true } = {},
): Promise<void> {
  const context = { ...ofBuild(number), trusted };
  await keepRecord(host, openRecords(host, place, context), { context, targets: ['app'], document });
}

async function all(): Promise<readonly unknown[]> {
  const records: unknown[] = [];
  for await (const record of readRecords(host, 'state')) records.push(record);
  return records;
}

it('records come back in the order of their builds, the first of a job that ran twice', async () => {
  await keep('10', { is: 'ten' });
  await keep('9', { is: 'nine' });
  await keep('9', { is: 'nine again' });
  expect(await all()).toEqual([{ is: 'nine' }, { is: 'ten' }]);
});

it('a pull request cannot take the place of a record of main, nor write over it', async () => {
  await keep('10', { is: 'hostile' }, { trusted: false });
  await keep('10', { is: 'ten' });
  expect(await all()).toEqual([{ is: 'ten' }, { is: 'hostile' }]);
});

it('a record that a pull request has made too large to read does not keep the others from being read', async () => {
  await keep('10', { is: 'ten' });
  await keep('11', { is: 'x'.repeat(8 << 20) }, { trusted: false });
  await keep('12', { is: 'twelve' }, { trusted: false });
  expect(await all()).toEqual([{ is: 'ten' }, { is: 'twelve' }]);
});

it('a store that cannot be reached is a warning, not a failed build', async () => {
  await writeFile(path.join(directory, 'file'), '');
  await keep('1', {}, { place: 'file/below' });
  expect(warnings).toEqual(['record-not-kept']);
});

it('a build outside of CI leaves no record', async () => {
  const { build: _, ...context } = ofBuild('1');
  await keepRecord(host, openRecords(host, 'state', context), { context, targets: ['app'], document: {} });
  expect(await all()).toEqual([]);
});
