import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';

/** A directory of a test file's own. */
export async function makeDirectory(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-packed-'));
  return { path: directory, remove: async () => await rm(directory, { recursive: true, force: true }) };
}

/** What a process left. */
export interface Ran {
  readonly exitCode: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs a program with exactly this environment. */
export async function run(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>>,
  { cwd }: { readonly cwd?: string } = {},
): Promise<Ran> {
  const [program, ...args] = argv;
  const ended = await execa(program, args, {
    env,
    extendEnv: false,
    reject: false,
    ...(cwd === undefined ? {} : { cwd }),
  });
  return { exitCode: ended.exitCode, out: ended.stdout, err: ended.stderr };
}

/** Writes a program that stands in for a real one. */
export async function writeProgram(file: string, shell: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${shell}\n`, { mode: 0o755 });
}
