import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { runProgram } from '../../src/cli/program.ts';
import { PROJECT } from '../../parts/project.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { gitProgram } from './git-program.ts';

/** Where environments and what is expected of them lie: `NAME.env`, `NAME.plan.json`. */
export const FIXTURES = path.join(PROJECT, 'test/fixtures/environments');
const KNOWN = {
  head: '5f0c2d1e9a7b4c3d8e6f1a2b3c4d5e6f70819203',
  parent: 'b'.repeat(40),
  mergeBase: 'c'.repeat(40),
};

/** What the tests read of the document. */
const ref = z.object({ ref: z.string() });
const target = z.object({
  tags: z.array(z.string()),
  cacheFrom: z.array(ref),
  cacheTo: z.array(ref),
  promote: z.array(z.object({ to: z.string() })),
});
const plan = z.object({
  configuration: z.object({ from: z.string() }).optional(),
  context: z.object({ trusted: z.boolean() }).optional(),
  targets: z.array(target).default([]),
});

/** `KEY=VALUE` lines, as `env | grep BUILDKITE` prints them. */
function environmentOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** Time stands still, so what is said after two seconds is never said, however busy the machine is. */
const STANDING: Clock = {
  now: () => new Date(0),
  sleep: async (_, signal) =>
    await new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    }),
};

/** What `warmbake build --explain-context --json` says in this environment, with more `options`; `whole` is without the digest of the file. */
export async function explain(env: Readonly<Record<string, string>>, options: readonly string[] = []) {
  let out = '';
  let err = '';
  const argv = ['build', 'test-ci', '--explain-context', '--json', '--config', 'bake/vllm.warmbake.yaml'];
  const exitCode = await runProgram([...argv, ...options], {
    env: { ...env, NO_COLOR: '1' },
    cwd: PROJECT,
    platform: 'linux/amd64',
    processes: gitProgram(PROJECT, KNOWN),
    clock: STANDING,
    random: () => 0.5,
    signal: new AbortController().signal,
    fetch: async () => await Promise.reject(new Error('no network here')),
    scratch: '/nowhere',
    streams: { out: (text) => (out += text), err: (text) => (err += text) },
  });
  const { configuration: used, ...document } = z.record(z.string(), z.unknown()).parse(JSON.parse(out));
  const said = err.split('\n').filter((line) => line !== '');
  return {
    exitCode,
    whole: { exitCode, said, ...document },
    ...plan.parse({ configuration: used, ...document }),
  };
}

/** What {@link explain} says. */
export type Explained = Awaited<ReturnType<typeof explain>>;

/** The recorded environments by name. */
export async function recordedEnvironments(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const files = (await readdir(FIXTURES)).filter((file) => file.endsWith('.env')).toSorted();
  const read = files.map(async (file) => {
    const text = await readFile(path.join(FIXTURES, file), 'utf8');
    return [path.basename(file, '.env'), environmentOf(text)] as const;
  });
  return new Map(await Promise.all(read));
}

/** Everything that a build writes. */
export function written({ targets }: Pick<Explained, 'targets'>): readonly string[] {
  return targets.flatMap((t) => [...t.tags, ...t.cacheTo.map((c) => c.ref), ...t.promote.map((p) => p.to)]);
}

/** Every ref that a build asks for. */
export function asked({ targets }: Pick<Explained, 'targets'>): readonly string[] {
  return targets.flatMap((t) => t.cacheFrom.map((source) => source.ref));
}
