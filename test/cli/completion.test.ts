import { execa } from 'execa';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/program.ts';
import { DOCUMENTS } from '../../src/cli/documents.ts';
import type { Host } from '../../src/platform/host.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
let folder: string;
let script: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'warmbake-completion-'));
  await mkdir(path.join(folder, 'a folder'));
  await writeFile(path.join(folder, 'warm bake.yaml'), '');
  script = path.join(folder, 'warmbake.bash');
  await writeFile(script, (await completionOf('bash')).text ?? '');
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

async function completionOf(shell: string) {
  const spec = await COMMANDS.find(({ name }) => name === 'completion')?.load();
  if (spec === undefined) throw new Error('no such command');
  // It asks its surroundings for nothing.
  return await spec.run({} as Host, { args: [shell], options: {} });
}

/** What bash offers at the end of each line, the words as readline splits them. */
async function offered(...lines: readonly (readonly string[])[]): Promise<readonly (readonly string[])[]> {
  const asked = lines.map((words) => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(warmbake ${quoted}); COMP_CWORD=${words.length}; _warmbake warmbake; printf '%s\\n' "\${COMPREPLY[@]}" .`;
  });
  const { stdout } = await execa('bash', ['--norc', '-u', '-c', [`. '${script}'`, ...asked].join('\n')], {
    cwd: folder,
  });
  const all = stdout.split('\n');
  return lines.map(() =>
    all
      .splice(0, all.indexOf('.') + 1)
      .slice(0, -1)
      .filter((word) => word !== ''),
  );
}

describe('bash offers', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['commands and groups', ['p'], ['plan', 'promote', 'pipeline']],
    ["a group's commands", ['ami', 're'], ['rebuild', 'release', 'revoke']],
    ["a command's options", ['schema', '--j'], ['--json']],
    ['those of a group, too', ['ami', 'rollback', '--un'], ['--until', '--undo']],
    ['what an argument can be', ['schema', 'ro'], ['roll', 'rollback']],
    ['what an option can be', ['build', '--config-from', 't'], ['tip']],
    ['the same behind =, which readline makes a word of', ['build', '--config-from', '=', 't'], ['tip']],
    ['and right behind it', ['build', '--config-from', '='], ['merge-base', 'tip', 'checkout']],
    [
      'files where one is wanted, with blanks in the name',
      ['plan', '--config', 'warm'],
      ['warm bake.yaml', 'warmbake.bash'],
    ],
    ['folders where one is wanted', ['pipeline', 'image-build', '--out', ''], ['a folder']],
    ['nothing where only its user knows', ['ami', 'hold', '--reason', ''], []],
    ['nothing of a command that is none', ['biuld', '--'], []],
  ])('%s', async (_, words, expected) => {
    expect(await offered(words)).toEqual([expected]);
  });

  it('every command, and every option of each', async () => {
    const specs = await Promise.all(COMMANDS.map(async ({ name, load }) => ({ name, spec: await load() })));
    const answers = await offered(...specs.map(({ name }) => [...name.split(' '), '--']));
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
    expect(await offered(['schema', ''])).toEqual([
      expect.arrayContaining(DOCUMENTS.map(({ name }) => name)),
    ]);
  });
});

it.each(SHELLS)(
  'the script for %s has every word that there is, and no character that a terminal obeys',
  async (shell) => {
    const { text = '' } = await completionOf(shell);
    const words = COMMANDS.flatMap(({ name }) => name.split(' '));
    expect(words.filter((word) => !text.includes(word))).toEqual([]);
    expect(text).toMatch(/^[\n\u0020-\u007E…]+$/);
  },
);

it('a shell that is not completed is refused, and says which are', async () => {
  await expect(completionOf('tcsh')).rejects.toMatchObject({
    kind: 'usage',
    message: "'tcsh' is not a shell that is completed here",
    hint: 'write one of bash, zsh, fish',
  });
});
