import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { printHold, printRelease } from '../../src/ami/model/hold.ts';
import { parseImageId } from '../../src/ami/model/ids.ts';
import { schemaCommand } from '../../src/cli/commands/schema.ts';
import { DOCUMENTS } from '../../src/cli/documents.ts';
import { openDirectoryStore } from '../../src/state/directory-store.ts';
import { openRun } from '../../src/state/journal.ts';
import { underLock } from '../../src/state/lock.ts';

import { handClock } from '../state/hand-clock.ts';
import type { Host } from '../../src/platform/host.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';

const ENVIRONMENTS = path.join(import.meta.dirname, '../fixtures/environments');
const NOW = new Date('2026-08-21T09:30:00Z');

async function schemaOf(...args: readonly string[]) {
  // It asks its surroundings for nothing.
  return await schemaCommand.run({} as Host, { args, options: {} });
}

describe('warmbake schema', () => {
  test('lists every document with its version and who writes it', async () => {
    const { page, json } = await schemaOf();
    const rows = page?.flatMap((part) => (part.type === 'table' ? part.rows : []));
    expect(rows?.map(([name]) => name)).toEqual(DOCUMENTS.map(({ name }) => name));
    expect(json).toMatchObject({
      documents: DOCUMENTS.map(({ name, version, from }) => ({ name, version, from })),
    });
  });

  test.each(DOCUMENTS.map(({ name }) => name))(
    'prints %s as a JSON Schema of draft 2020-12',
    async (name) => {
      const { text = '' } = await schemaOf(name);
      expect(JSON.parse(text)).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        title: `warmbake ${name}, version 1`,
      });
    },
  );

  test('times are text in it, and every member of a plan is known', async () => {
    const status = (await schemaOf('status')).text ?? '';
    expect(status).toContain('"format": "date-time"');
    expect(JSON.parse((await schemaOf('plan')).text ?? '')).toMatchObject({ additionalProperties: false });
  });

  test('a name that is none says which there are', async () => {
    await expect(schemaOf('plans')).rejects.toMatchObject({
      kind: 'usage',
      message: "'plans' is not a document of warmbake",
      hint: expect.stringContaining('write one of config, plan, '),
    });
  });
});

const plans = (await readdir(ENVIRONMENTS)).filter((file) => file.endsWith('.plan.json'));

test.each(plans.filter((file) => !file.startsWith('refused-')))(
  'the recorded explanation %s is as its schema says',
  async (file) => {
    expect.hasAssertions();
    const {
      exitCode: _,
      said: __,
      ...document
    } = JSON.parse(await readFile(path.join(ENVIRONMENTS, file), 'utf8'));
    await conforming('explanation', JSON.stringify(document));
  },
);

test('a plan with a member that nobody knows is refused', async () => {
  const text = await readFile(path.join(ENVIRONMENTS, 'branch.plan.json'), 'utf8');
  const { exitCode: _, said: __, ...document } = JSON.parse(text);
  await expect(conforming('explanation', JSON.stringify({ ...document, more: 1 }))).rejects.toThrow('more');
});

test('a hold and a release are written as their schema says', async () => {
  expect.hasAssertions();
  const image = parseImageId('ami-0123456789abcdef0');
  if (image === undefined) throw new Error('not an id');
  const hold = { image, leaves: [image], by: 'ann', reason: 'why', since: NOW, until: NOW };
  await conforming('hold', printHold(hold));
  await conforming('hold', printRelease({ by: 'ann', at: NOW }));
});

test('lock and journal are written as their schemas say', async () => {
  expect.hasAssertions();
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-schema-'));
  const store = openDirectoryStore(directory);
  const clock = handClock();
  const read = async (key: string): Promise<string> => (await store.read(key))?.text ?? '';
  try {
    const holder = { id: 'a', by: 'ann', url: 'https://ci/1', command: 'warmbake ami roll' };
    const options = { key: 'lock.json', holder, breaks: false, clock, signal: new AbortController().signal };
    await underLock(store, options, async () => await conforming('lock', await read('lock.json')));
    await conforming('lock', await read('lock.json'));
    const run = await openRun(
      store,
      { clock, emit: () => undefined },
      {
        folder: 'runs',
        run: { ...holder, job: 'roll', reason: 'why', image: 'ami-1', stacks: ['main'] },
      },
    );
    run.note('groups.relaunch main');
    await run.end('failed', 'it broke');
    const [name = ''] = await store.keys('runs');
    await conforming('journal', await read(`runs/${name}`));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
