import { execa } from 'execa';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findParts } from '../../parts/find.ts';
import { need } from '../../parts/part.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import type { Host } from '../../src/platform/host.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { type Offers, offersOfFish, offersOfZsh } from './shells.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'warmbake-shells-'));
  await mkdir(path.join(folder, 'a folder'));
  await writeFile(path.join(folder, 'warm bake.yaml'), '');
  const completion = await COMMANDS.find(({ name }) => name === 'completion')?.load();
  for (const shell of ['zsh', 'fish']) {
    // It asks its surroundings for nothing.
    const { text = '' } = (await completion?.run({} as Host, { args: [shell], options: {} })) ?? {};
    await writeFile(path.join(folder, `script.${shell}`), text);
  }
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** The shell, or the reason for which the test is skipped. */
async function offersOf(shell: 'zsh' | 'fish', skip: (because: string) => never): Promise<Offers> {
  const parts = await findParts(process.env);
  const source = await orSkip(
    Promise.resolve().then(() => need(shell, parts[shell])),
    skip,
  );
  if (shell === 'fish') return offersOfFish(source);
  const { stdout } = await execa('script', ['--version'], { reject: false });
  if (!stdout.includes('util-linux'))
    skip("there is no util-linux 'script', which gives programs a terminal");
  return offersOfZsh(source);
}

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['commands and groups', 'p', ['pipeline', 'plan', 'promote']],
  ["a group's commands", 'ami re', ['rebuild', 'release', 'revoke']],
  ["a command's options", 'schema --j', ['--json']],
  ['those of a group, too, behind others', 'ami rollback --drain --un', ['--undo', '--until']],
  ['what an argument can be', 'schema ro', ['roll', 'rollback']],
  ['what an option can be', 'build --config-from t', ['tip']],
  ['files where one is wanted, with blanks in the name', 'plan --config warm', ['warm bake.yaml']],
  ['folders where one is wanted', 'pipeline image-build --out a', ['a folder']],
  ['nothing where only its user knows', 'ami hold --reason ', []],
  ['nothing of a command that is none', 'biuld --', []],
];

describe.each(['zsh', 'fish'] as const)('%s offers', (shell) => {
  it('what bash does', async ({ skip }) => {
    const offers = await offersOf(shell, skip);
    const lines = CASES.map(([, words]) => `warmbake ${words}`);
    const answers = await offers(folder, path.join(folder, `script.${shell}`), lines);
    const told = answers.map((words) => words.map((word) => word.replace(/\/$/, '')).toSorted());
    expect(told.map((words, i) => [CASES[i]![0], words])).toEqual(
      CASES.map(([title, , words]) => [title, words]),
    );
  });

  it('every command, and every option of each', async ({ skip }) => {
    const offers = await offersOf(shell, skip);
    const specs = await Promise.all(COMMANDS.map(async ({ name, load }) => ({ name, spec: await load() })));
    const lines = specs.map(({ name }) => `warmbake ${name} --`);
    const answers = await offers(folder, path.join(folder, `script.${shell}`), lines);
    expect(answers.map((words) => words.toSorted())).toEqual(
      specs.map(({ spec }) =>
        [
          ...spec.options.map(({ flags }) => flags.split(' ')[0] ?? ''),
          '--json',
          '--wide',
          '--help',
        ].toSorted(),
      ),
    );
  });
});
