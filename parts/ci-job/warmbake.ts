import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { runProgram } from '../../src/cli/program.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { plainHttp } from '../../src/platform/plain-http.ts';
import { spawnProcesses } from '../../src/platform/spawn.ts';
import { PROJECT } from '../project.ts';

/** The built program. */
const WARMBAKE = path.join(PROJECT, 'dist/src/main.js');

/** One call of the program. */
export interface Call {
  readonly args: readonly string[];
  readonly cwd: string;
  /** Complete; TMPDIR among it. */
  readonly env: Readonly<Record<string, string>>;
  /** The person at the terminal, where there is one; for {@link runWarmbakeHere}. */
  readonly ask?: (question: string) => Promise<string | undefined>;
}

/** How a call ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A call that ended well; throws what another one has said, why it ended first: logs of a CI are often cut off after some lines. */
export function requireSuccess<T extends Ended>(ended: T): T {
  if (ended.exitCode === 0) return ended;
  const why = ended.stderr.split('\n').filter((line) => /^\s*(error|warning|hint|fix)\b/i.test(line));
  throw new Error([`exit code ${ended.exitCode}`, ...why, ended.stderr].join('\n'));
}

/** Starts the built program. */
export function startWarmbake({ args, cwd, env }: Call) {
  return execa(process.execPath, [WARMBAKE, ...args], {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    forceKillAfterDelay: false,
  });
}

/** Runs the program as `main.ts` does, but in this process, and by `clock`. */
export async function runWarmbakeHere({ args, cwd, env, ask }: Call, clock: Clock): Promise<Ended> {
  const scratch = await mkdtemp(path.join(env['TMPDIR'] ?? '', 'warmbake-'));
  const processes = spawnProcesses();
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  let stdout = '';
  let stderr = '';
  const exitCode = await runProgram(args, {
    env,
    cwd,
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    processes,
    clock,
    random: () => 1,
    signal,
    fetch: globalThis.fetch,
    http: plainHttp(),
    scratch,
    ...(ask === undefined ? {} : { ask }),
    streams: { out: (text) => (stdout += text), err: (text) => (stderr += text) },
  });
  processes.killAll();
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  return { exitCode, stdout, stderr };
}
