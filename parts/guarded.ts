import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from './part.ts';
import { PROJECT } from './project.ts';

/** A program that must not outlive the process that asked for it. */
export interface GuardedProgram<T> {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Holds everything the program writes, and its output as `log`; removed at the end. */
  readonly directory: string;
  /** Commands to run after the program has ended. */
  readonly afterwards?: readonly (readonly [string, ...string[]])[];
  /** Looks whether the program is ready: the value that says so, or `undefined` for not yet. */
  readonly ready: (log: string) => Promise<T | undefined>;
}

const READY_MS = 30_000;

/**
 * Starts a program and waits (30 s at most) until it is ready. It ends with `stop`, and also when this process ends,
 * however it ends: `guard.mjs`, in a session of its own, watches a pipe that only this process holds open.
 * Throws with the end of the log where the program does not get ready.
 */
export async function startGuarded<T>(program: GuardedProgram<T>): Promise<Running & { readonly value: T }> {
  const { argv, env, directory, afterwards = [], ready } = program;
  const spec = JSON.stringify({ directory, argv, afterwards });
  const guard = spawn(process.execPath, [join(PROJECT, 'parts/guard.mjs'), spec], {
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const over = once(guard, 'close');
  const stop = async (): Promise<void> => {
    guard.stdin.end();
    await over;
  };
  guard.stdout.resume();
  const log = (): Promise<string> => readFile(join(directory, 'log'), 'utf8').catch(() => '');

  for (
    const deadline = Date.now() + READY_MS;
    !guard.stdout.closed && Date.now() < deadline;
    await sleep(25)
  ) {
    const value = await ready(await log());
    if (value !== undefined) return { value, stop };
  }
  const why = guard.stdout.closed ? 'ended at once' : `is not ready after ${READY_MS / 1000} s`;
  const lines = (await log()).trim().split('\n').slice(-5).join('\n');
  await stop();
  throw new Error(`${argv[0]} ${why}:\n${lines}`);
}
