import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { runProgram } from '../../src/cli/program.ts';
import { PROJECT } from '../parts/project.ts';
import { gitProgram } from './git-program.ts';

const FIXTURES = path.join(PROJECT, 'test/fixtures/environments');
const KNOWN = {
  head: '5f0c2d1e9a7b4c3d8e6f1a2b3c4d5e6f70819203',
  parent: 'b'.repeat(40),
  mergeBase: 'c'.repeat(40),
};

/** What is read of the document below; the rest is kept too. */
const ref = z.looseObject({ ref: z.string() });
const target = z.looseObject({
  tags: z.array(z.string()),
  cacheTo: z.array(ref),
  promote: z.array(z.looseObject({ to: z.string() })),
});
const explained = z.looseObject({
  context: z.looseObject({ trusted: z.boolean() }).optional(),
  targets: z.array(target).default([]),
});

/** `KEY=VALUE` lines, as `env | grep BUILDKITE` prints them. */
function environmentOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** What `warmbake build --explain-context --json` says in this environment. */
async function explain(env: Readonly<Record<string, string>>) {
  let out = '';
  let err = '';
  const argv = ['build', 'test-ci', '--explain-context', '--json', '--config', 'bake/vllm.warmbake.yaml'];
  const exitCode = await runProgram(argv, {
    env: { ...env, NO_COLOR: '1' },
    cwd: PROJECT,
    platform: 'linux/amd64',
    processes: gitProgram(PROJECT, KNOWN),
    clock: { now: () => new Date(0), sleep: async () => await new Promise(() => undefined) },
    random: () => 0.5,
    signal: new AbortController().signal,
    fetch: async () => await Promise.reject(new Error('no network here')),
    scratch: '/nowhere',
    streams: { out: (text) => (out += text), err: (text) => (err += text) },
  });
  return {
    exitCode,
    said: err.split('\n').filter((line) => line !== ''),
    ...explained.parse(JSON.parse(out)),
  };
}

const recordings = new Map(
  await Promise.all(
    (await readdir(FIXTURES))
      .filter((file) => file.endsWith('.env'))
      .toSorted()
      .map(async (file) => {
        const env = environmentOf(await readFile(path.join(FIXTURES, file), 'utf8'));
        return [file.slice(0, -'.env'.length), { env, plan: await explain(env) }] as const;
      }),
  ),
);

describe('a recorded Buildkite environment gives the reviewed context and refs', () => {
  // Written with `vitest -u`; a changed file in a review is a changed cache or image name in production.
  it.each([...recordings])('%s', async (name, { plan }) => {
    await expect(`${JSON.stringify(plan, undefined, 2)}\n`).toMatchFileSnapshot(
      path.join(FIXTURES, `${name}.plan.json`),
    );
  });

  it('and there are at least forty of them', () => expect(recordings.size).toBeGreaterThanOrEqual(40));
});

/** Everything that a build writes. */
function written({ targets }: z.infer<typeof explained>): readonly string[] {
  return targets.flatMap((t) => [...t.tags, ...t.cacheTo.map((c) => c.ref), ...t.promote.map((p) => p.to)]);
}

describe('of all recorded environments', () => {
  const all = [...recordings];

  it('exactly these are trusted', () => {
    expect(all.filter(([, { plan }]) => plan.context?.trusted === true).map(([name]) => name)).toEqual([
      'main-api',
      'main-by-hand-commit',
      'main-by-hand-head',
      'main-nightly',
      'main-over-ssh',
      'main-push',
      'main-rebuilt',
      'main-retried-automatically',
      'main-retried-by-hand',
      'main-schedule',
      'main-triggered',
      'main-with-mirror',
      'main-with-strays',
    ]);
  });

  it.each(all)('%s: trusted refs are written by trusted builds only (L1)', (_, { plan }) => {
    const trusted = written(plan).filter((ref) => ref.includes('-postmerge-'));
    expect(trusted).toEqual(plan.context?.trusted === true ? written(plan) : []);
  });

  it('those that Buildkite itself would not make are refused with exit code 3', () => {
    const refused = all.filter(([, { plan }]) => plan.exitCode !== 0);
    expect(refused.map(([name, { plan }]) => [name, plan.exitCode])).toEqual([
      ['refused-forged-line', 3],
      ['refused-pull-request-true', 3],
      ['refused-short-commit', 3],
      ['refused-without-branch', 3],
      ['refused-without-pull-request', 3],
    ]);
  });
});
