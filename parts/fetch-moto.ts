import { execa } from 'execa';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findMoto } from './moto/server.ts';
import type { Part } from './part.ts';
import { PARTS } from './project.ts';

/** What the tests were written against; a newer major version may answer otherwise. */
const MOTO = 'moto[server]>=5.1.20,<6';

/** Installs moto below `.parts/` where there is none and pip can reach an index. Never fails: the part is missing then. */
export async function fetchMoto(say: (line: string) => void): Promise<Part<string>> {
  const found = await findMoto(process.env);
  if (found.state === 'here') return found;
  const unfinished = join(PARTS, 'moto.new');
  await rm(unfinished, { recursive: true, force: true });
  say('installing moto with pip');
  const options = [
    '--quiet',
    '--disable-pip-version-check',
    '--no-input',
    '--retries',
    '1',
    '--timeout',
    '15',
  ];
  const argv = ['-m', 'pip', 'install', ...options, '--target', unfinished, MOTO];
  const { exitCode } = await execa('python3', argv, { reject: false, timeout: 300_000, stdin: 'ignore' });
  if (exitCode === 0) await rename(unfinished, join(PARTS, 'moto'));
  else await rm(unfinished, { recursive: true, force: true });
  return await findMoto(process.env);
}
