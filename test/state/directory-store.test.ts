import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../src/state/open-store.ts';
import { describeStore } from './store-contract.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmbake-state-'));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

const open = (place = 'store') =>
  openStore({ fetch, cwd: directory }, place, {
    region: 'us-east-1',
    area: { kind: 'builds', trusted: true },
  });

describeStore(open);

test('keeps one version of a key, however often it is written', async () => {
  const store = open();
  let version: string | undefined;
  for (let number = 0; number < 20; number += 1)
    version = await store.write('many', `${number}`, { expected: version });
  expect(await readdir(join(directory, 'store', 'builds', 'trusted', 'many'))).toEqual(['20']);
});

test('is not hindered by what a killed writer left', async () => {
  const store = open();
  await store.write('killed', 'one', { expected: undefined });
  await writeFile(join(directory, 'store', 'builds', 'trusted', 'killed', '.writing-abc'), 'half');
  expect((await store.read('killed'))?.text).toBe('one');
});

test('that cannot be reached says so', async () => {
  await writeFile(join(directory, 'file'), '');
  await expect(open('file').read('key/x')).rejects.toMatchObject({
    kind: 'outside',
    code: 'state-unreachable',
  });
});
