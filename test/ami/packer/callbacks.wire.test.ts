import { execa } from 'execa';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  answerCallbacks,
  openCallbackFolder,
  type PackerCallback,
} from '../../../src/ami/packer/callbacks.ts';
import { clock } from '../../../parts/ci-job/clock.ts';
import { PROJECT } from '../../../parts/project.ts';

const SCRIPT = path.join(PROJECT, 'packer/cpu/scripts/callback.sh');

/** What Packer's shell-local does: the real script. Answers with its exit code. */
async function ask(directory: string, stage: PackerCallback): Promise<number | undefined> {
  const options = { env: { CALLBACKS: directory, STAGE: stage }, reject: false, timeout: 15_000 };
  return (await execa('sh', [SCRIPT], options)).exitCode;
}

async function callbacks() {
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-callbacks-'));
  await openCallbackFolder(directory);
  return {
    directory,
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  };
}

test('Packer waits until each stage is done, and goes on', async () => {
  await using there = await callbacks();
  const over = new AbortController();
  const done: string[] = [];
  const stages = {
    fill: async () => {
      await clock.sleep(300);
      done.push('filled');
    },
    prove: async () => void done.push('proved'),
  };
  const answering = answerCallbacks(there.directory, stages, { clock, over: over.signal });
  expect(await ask(there.directory, 'fill')).toBe(0);
  expect(done).toEqual(['filled']);
  expect(await ask(there.directory, 'prove')).toBe(0);
  over.abort();
  expect(await answering).toBeUndefined();
  expect(done).toEqual(['filled', 'proved']);
});

test('a stage that fails makes the script fail, and its error is told', async () => {
  await using there = await callbacks();
  const over = new AbortController();
  const error = new Error('the cache was missed');
  const stages = { fill: async () => await Promise.reject(error), prove: async () => undefined };
  const answering = answerCallbacks(there.directory, stages, { clock, over: over.signal });
  expect(await ask(there.directory, 'fill')).toBe(1);
  over.abort();
  expect(await answering).toEqual({ error });
});

test('when this process is gone the script fails, so that Packer takes the instance down', async () => {
  await using there = await callbacks();
  const old = new Date(Date.now() - 5 * 60_000);
  await utimes(path.join(there.directory, 'alive'), old, old);
  expect(await ask(there.directory, 'fill')).toBe(1);
});

test('when Packer is gone the stage is told, and what it throws then is not the reason', async () => {
  await using there = await callbacks();
  const over = new AbortController();
  const stages = {
    fill: async (ended: AbortSignal) => {
      over.abort();
      await clock.sleep(60_000, ended);
    },
    prove: async () => undefined,
  };
  const answering = answerCallbacks(there.directory, stages, { clock, over: over.signal });
  void ask(there.directory, 'fill');
  expect(await answering).toBeUndefined();
  expect(await readFile(path.join(there.directory, 'fill.answer'), 'utf8')).toBe('failed\n');
});

describe('where the folder is taken away', () => {
  test('nobody asks any more, and the end of Packer is the end', async () => {
    await using there = await callbacks();
    const over = new AbortController();
    const stages = { fill: async () => undefined, prove: async () => undefined };
    const answering = answerCallbacks(there.directory, stages, { clock, over: over.signal });
    await rm(there.directory, { recursive: true });
    await clock.sleep(1_200);
    over.abort();
    expect(await answering).toBeUndefined();
  });

  test('a stage that is done then cannot be answered, and that is told', async () => {
    await using there = await callbacks();
    const over = new AbortController();
    const stages = {
      fill: async () => await rm(there.directory, { recursive: true }),
      prove: async () => undefined,
    };
    const answering = answerCallbacks(there.directory, stages, { clock, over: over.signal });
    await writeFile(path.join(there.directory, 'fill.asked'), '');
    await clock.sleep(1_200);
    over.abort();
    expect(await answering).toMatchObject({ error: { kind: 'outside', code: 'answer-lost' } });
  });

  test('a stage that fails then fails with its own error', async () => {
    await using there = await callbacks();
    const over = new AbortController();
    const error = new Error('the cache was missed');
    const stages = {
      fill: async () => {
        await rm(there.directory, { recursive: true });
        throw error;
      },
      prove: async () => undefined,
    };
    const answering = answerCallbacks(there.directory, stages, { clock, over: over.signal });
    await writeFile(path.join(there.directory, 'fill.asked'), '');
    await clock.sleep(1_200);
    over.abort();
    expect(await answering).toEqual({ error });
  });
});
