import { clock } from '../ci-job/clock.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/cli/program.ts';
import { spawnProcesses } from '../../src/platform/spawn.ts';

/** What a command left. */
export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as `main.ts` does, in this process; `env` is what the command sees beside PATH. */
export async function warmbake(
  argv: readonly string[],
  { env = {}, cwd }: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Ran> {
  const scratch = await mkdtemp(join(tmpdir(), 'warmbake-run-'));
  let out = '';
  let err = '';
  try {
    const exitCode = await runProgram(argv, {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      cwd: cwd ?? scratch,
      platform: 'linux/amd64',
      processes: spawnProcesses(),
      clock,
      random: Math.random,
      signal: new AbortController().signal,
      fetch,
      scratch,
      streams: { out: (text) => void (out += text), err: (text) => void (err += text) },
    });
    return { exitCode, out, err };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
