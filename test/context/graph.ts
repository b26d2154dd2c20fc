import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isCommitSha, type CommitSha } from '../../src/ci/commit-sha.ts';

/** A commit of a drawn history: its name and the names of its parents, which come earlier. */
export type Drawn = readonly [name: string, ...parents: string[]];

/** A repository that serves clones, as a forge would. */
export interface Forge {
  readonly directory: string;
  readonly url: string;
  /** The id of a drawn commit. */
  readonly id: (name: string) => CommitSha;
  /** Points a branch at a drawn commit. */
  readonly branch: (branch: string, name: string) => void;
  /** A clone of `branch` with a detached HEAD at the drawn commit, as Buildkite makes them; of full depth by default. */
  readonly checkout: (
    name: string,
    options?: { readonly into?: string; readonly depth?: number; readonly filter?: string },
  ) => string;
}

/** Runs git for a test, apart from the machine's configuration. */
export function run(cwd: string, args: readonly string[], input?: string): string {
  return execFileSync('git', args, {
    cwd,
    input: input ?? '',
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: cwd,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      LC_ALL: 'C',
    },
  }).trim();
}

/** Makes a repository of the drawn commits, one minute apart in their order. */
export function forge(
  home: string,
  commits: readonly Drawn[],
  branches: Readonly<Record<string, string>>,
): Forge {
  const directory = path.join(home, 'forge.git');
  run(home, ['init', '--quiet', '--bare', '--initial-branch=main', directory]);
  run(directory, ['config', 'uploadpack.allowFilter', 'true']);
  const marks = new Map(commits.map(([name], index) => [name, index + 1]));
  const stream = commits.map(([name, ...parents], index) => {
    const lines = [
      'commit refs/drawn/all',
      `mark :${index + 1}`,
      `committer a <a@example.org> ${1_700_000_000 + index * 60} +0000`,
      `data ${name.length}`,
      name,
      ...parents.map((parent, nth) => `${nth === 0 ? 'from' : 'merge'} :${marks.get(parent)}`),
      ...(parents.length === 0 ? ['deleteall'] : []),
      'M 100644 inline file',
      `data ${name.length}`,
      name,
    ];
    // Without a reset, a commit without parents would follow the one before.
    return `${parents.length === 0 ? 'reset refs/drawn/all\n\n' : ''}${lines.join('\n')}\n`;
  });
  const exported = path.join(directory, 'marks');
  run(directory, ['fast-import', '--quiet', '--force', `--export-marks=${exported}`], stream.join('\n'));
  const ids = new Map(
    readFileSync(exported, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([mark, id]) => [Number(mark?.slice(1)), id]),
  );
  const id = (name: string): CommitSha => {
    const found = ids.get(marks.get(name) ?? 0) ?? '';
    if (!isCommitSha(found)) throw new Error(`no commit ${name}`);
    return found;
  };
  const branch = (to: string, name: string): void => {
    run(directory, ['update-ref', `refs/heads/${to}`, id(name)]);
  };
  for (const [to, name] of Object.entries(branches)) branch(to, name);
  const url = `file://${directory}`;
  return {
    directory,
    url,
    id,
    branch,
    checkout: (name, { into = 'checkout', depth, filter } = {}) => {
      const at = path.join(home, into);
      run(home, ['init', '--quiet', at]);
      run(at, ['remote', 'add', 'origin', url]);
      const options = [
        ...(depth === undefined ? [] : [`--depth=${depth}`]),
        ...(filter === undefined ? [] : [`--filter=${filter}`]),
      ];
      run(at, ['fetch', '--quiet', ...options, 'origin', id(name)]);
      run(at, ['checkout', '--quiet', '--detach', id(name)]);
      return at;
    },
  };
}

/** `length` commits in a row on top of `parent`, called `<prefix>1`, `<prefix>2`, … */
export function row(prefix: string, length: number, parent?: string): readonly Drawn[] {
  return Array.from({ length }, (_, index): Drawn => {
    const before = index === 0 ? parent : `${prefix}${index}`;
    return before === undefined ? [`${prefix}1`] : [`${prefix}${index + 1}`, before];
  });
}
