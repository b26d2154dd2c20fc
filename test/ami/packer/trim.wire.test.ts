import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { PROJECT } from '../../../parts/project.ts';

/** Runs the script with an `fstrim` that ends so; what it was called with, and what the script said. */
async function trim(code: number): Promise<{ readonly called: string; readonly said: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-trim-'));
  try {
    const log = path.join(directory, 'log');
    const program = path.join(directory, 'fstrim');
    await writeFile(program, `#!/bin/sh\necho "$*" >>'${log}'\nexit ${code}\n`);
    await chmod(program, 0o755);
    const env = { PATH: `${directory}:/usr/bin:/bin` };
    const { stdout } = await execa('bash', [path.join(PROJECT, 'packer/cpu/scripts/trim.sh')], {
      env,
      extendEnv: false,
    });
    return { called: await readFile(log, 'utf8'), said: stdout };
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('blocks that no file uses are given back, of all volumes', async () => {
  expect(await trim(0)).toEqual({ called: '--all --verbose\n', said: 'giving back unused blocks' });
});

test('a volume that does not take it makes no worse image', async () => {
  expect((await trim(1)).said).toMatch(/^not given back: /m);
});

test('that is the last thing before the snapshot, after everything is deleted that has to be', async () => {
  const template = await readFile(path.join(PROJECT, 'packer/cpu/cpu.pkr.hcl'), 'utf8');
  const scripts = [...template.matchAll(/scripts\/([\w-]+)\.sh/g)].map(([, name]) => name);
  expect(scripts.slice(-2)).toEqual(['finish', 'trim']);
});
