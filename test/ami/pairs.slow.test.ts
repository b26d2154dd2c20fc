import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openDirectoryStore } from '../../src/state/directory-store.ts';
import type { StateStore } from '../../src/state/store.ts';
import { memoryStore } from './memory-store.ts';
import { COMMANDS, TAKERS } from './two-at-once.ts';
import { pairEnds } from './pair-ends.ts';

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

/** None, a directory, and one like S3. */
const STORES: readonly (readonly [string, () => Promise<StateStore | undefined>])[] = [
  ['no store', async () => await Promise.resolve(undefined)],
  [
    'a directory',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'warmbake-pair-'));
      directories.push(directory);
      return openDirectoryStore(directory);
    },
  ],
  ['S3', async () => await Promise.resolve(memoryStore())],
];

describe.each(STORES)('with %s', (_, openStore) => {
  describe.each(COMMANDS)('$name, stopped at any of its calls while another one runs whole', (stopped) => {
    test.each(COMMANDS)('$name', async (whole) => {
      const { wrongs, stops } = await pairEnds(stopped, whole, { openStore });
      expect(wrongs).toEqual([]);
      expect(stops).toBeGreaterThan(0);
    });
  });

  describe.each(TAKERS)('a cleanup and $name', (taker) => {
    const cleanUp = COMMANDS.filter(({ name }) => name === 'clean');

    test.each(cleanUp)('the $name is stopped', async (command) => {
      const { wrongs, stops } = await pairEnds(command, taker, { openStore });
      expect(wrongs).toEqual([]);
      expect(stops).toBeGreaterThan(1);
    });

    test.each(cleanUp)('the $name runs whole', async (command) => {
      const { wrongs, stops } = await pairEnds(taker, command, { openStore });
      expect(wrongs).toEqual([]);
      expect(stops).toBeGreaterThan(1);
    });
  });
});
