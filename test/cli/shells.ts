import { execa } from 'execa';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ShellSource } from '../../parts/parts.ts';

/** What a shell offers at the end of each command line, by its own completion, with `script` sourced. */
export type Offers = (
  folder: string,
  script: string,
  lines: readonly string[],
) => Promise<readonly (readonly string[])[]>;

/** Answers that end with a line of one dot each; nothing twice. */
function answersIn(text: string, count: number): readonly (readonly string[])[] {
  const all = text.split('\n');
  return Array.from({ length: count }, () => [
    ...new Set(
      all
        .splice(0, all.indexOf('.') + 1)
        .slice(0, -1)
        .filter((word) => word !== ''),
    ),
  ]);
}

/** Fish answers from the command line. */
export function offersOfFish({ program, functions, libraries }: ShellSource): Offers {
  return async (folder, script, lines) => {
    const own = functions === undefined ? '' : `set -g fish_function_path '${functions}'\n`;
    const driver = `${own}source '${script}'\nfor line in $argv\n  complete -C "$line"\n  echo .\nend\n`;
    const { stdout } = await execa(program, ['--no-config', '--command', driver, ...lines], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, LD_LIBRARY_PATH: libraries },
      extendEnv: false,
      stdin: 'ignore',
    });
    return answersIn(stdout.replaceAll(/\t.*$/gm, ''), lines.length);
  };
}

/** Zsh completes in its line editor alone, which wants a terminal: util-linux's `script` gives it one. */
export function offersOfZsh({ program, functions, libraries }: ShellSource): Offers {
  return async (folder, script, lines) => {
    const zdot = path.join(folder, '.zdot');
    await mkdir(zdot, { recursive: true });
    await writeFile(path.join(zdot, 'lines'), `${lines.join('\n')}\n`);
    await writeFile(path.join(zdot, 'found'), '');
    await writeFile(path.join(zdot, '.zshrc'), driverOfZsh(script));
    const fpath = functions === undefined ? {} : { FPATH: await foldersBelow(functions) };
    await execa('script', ['--quiet', '--command', `'${program}' -d -i`, '/dev/null'], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        SHELL: '/bin/sh',
        TERM: 'dumb',
        ZDOTDIR: zdot,
        LD_LIBRARY_PATH: libraries,
        ...fpath,
      },
      extendEnv: false,
      stdin: 'ignore',
    });
    return answersIn(await readFile(path.join(zdot, 'found'), 'utf8'), lines.length);
  };
}

/** Its own `compadd`, which all completion ends in, is asked what it would add. */
function driverOfZsh(script: string): string {
  return `autoload -Uz compinit; compinit -u -D
source '${script}'
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return $?; fi
  local -a hits
  builtin compadd -O hits "$@"
  print -rl -- \${(Q)hits} >> $ZDOTDIR/found
  builtin compadd "$@"
}
_ask() { _main_complete; compstate[insert]=''; compstate[list]='' }
zle -C ask complete-word _ask
zle-line-init() {
  local line
  for line in "\${(@f)$(<$ZDOTDIR/lines)}"; do
    BUFFER=$line; CURSOR=$#BUFFER
    zle ask
    print -r -- . >> $ZDOTDIR/found
  done
  exit
}
zle -N zle-line-init
`;
}

async function foldersBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders = entries
    .filter((one) => one.isDirectory())
    .map((one) => path.join(one.parentPath, one.name));
  return [folder, ...folders].join(':');
}
