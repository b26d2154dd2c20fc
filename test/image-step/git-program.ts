import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Processes } from '../../src/platform/process.ts';

/** What the stand-in for git knows. */
export interface KnownHistory {
  readonly head: string;
  /** First parent of every commit. */
  readonly parent: string;
  /** Merge base of the commit with every branch of the remote, and where each of those is. */
  readonly mergeBase: string;
}

/** Answers as git does in a shallow clone (of one commit) of a reachable remote, whose branches have the files of `root`; every other program is missing. */
export function gitProgram(root: string, known: KnownHistory): Processes {
  return {
    run: async ({ argv }) => {
      if (argv[0] !== 'git') return { stdout: '', stderr: '', failure: 'not-found' };
      // What follows `--` of a listing is the file; here its name stands for its object.
      if (argv.includes('ls-tree')) {
        const file = argv.at(-1) ?? '';
        return {
          exitCode: 0,
          stdout: `100644 blob ${Buffer.from(file).toString('hex')}\t${file}\0`,
          stderr: '',
        };
      }
      if (argv.includes('blob')) {
        const file = Buffer.from(argv.at(-1) ?? '', 'hex').toString();
        return { exitCode: 0, stdout: await readFile(path.join(root, file), 'utf8'), stderr: '' };
      }
      const line = answer(root, known, argv);
      if (line === undefined) return { exitCode: 1, stdout: '', stderr: '' };
      return { exitCode: 0, stdout: `${line}\n`, stderr: '' };
    },
  };
}

function answer(root: string, { head, parent, mergeBase }: KnownHistory, argv: readonly string[]) {
  const asks = (...words: readonly string[]): boolean => words.every((word) => argv.includes(word));
  if (asks('--show-toplevel')) return `${root}\n/nowhere/config`;
  if (asks('HEAD^{commit}')) return head;
  if (asks('refs/warmbake/tip^{commit}')) return mergeBase;
  if (asks('--git-path')) return `/nowhere/${argv.at(-1) ?? ''}`;
  if (asks('rev-list', '--header')) return `${argv.at(-1)}\ntree ${head}\nparent ${parent}\n\n    message\0`;
  if (asks('merge-base', '--all')) return mergeBase;
  if (asks('init') || asks('config') || asks('fetch')) return '';
  return undefined;
}
