import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clock } from '../../parts/ci-job/clock.ts';
import { type Ended, runWarmbakeHere } from '../../parts/ci-job/warmbake.ts';

/** A repository that knows nothing of warmbake, on a machine of somebody who does. */
export interface Project extends AsyncDisposable {
  /** Its top. */
  readonly path: string;
  readonly git: (...args: readonly string[]) => Promise<string>;
  /** Runs the program in this process. `ask` is the person at the terminal. */
  readonly run: (args: readonly string[], how?: How) => Promise<Ended>;
  readonly read: (file: string) => Promise<string>;
  /** Gives the machine a buildx plugin. */
  readonly install: (plugin: string) => Promise<void>;
}

/** How a call is made. */
export interface How {
  readonly ask?: (question: string) => Promise<string | undefined>;
  readonly env?: Readonly<Record<string, string>>;
  /** Below the top. */
  readonly cwd?: string;
}

/** What the project is made of. */
export interface ProjectFacts {
  readonly files: Readonly<Record<string, string>>;
  /** Addresses by the names of remotes. Default: `origin` at github.com/acme/app. */
  readonly remotes?: Readonly<Record<string, string>>;
  readonly branch?: string;
  /** A buildx plugin; without it nobody can ask bake. */
  readonly plugin?: string;
}

/** Makes one, with all files committed. */
export async function makeProject({
  files,
  remotes,
  branch = 'main',
  plugin,
}: ProjectFacts): Promise<Project> {
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-init-'));
  const [top, home] = [path.join(directory, 'checkout'), path.join(directory, 'home')];
  const plugins = path.join(home, '.docker/cli-plugins');
  for (const folder of [top, plugins]) await mkdir(folder, { recursive: true });
  const install = async (file: string): Promise<void> =>
    await symlink(file, path.join(plugins, 'docker-buildx'));
  if (plugin !== undefined) await install(plugin);
  const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com', GIT_CONFIG_GLOBAL: '/dev/null' };
  const env = { ...who, GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.com' };
  const git: Project['git'] = async (...args) => (await execa('git', args, { cwd: top, env })).stdout;
  await git('init', '--quiet', `--initial-branch=${branch}`);
  for (const [name, url] of Object.entries(remotes ?? { origin: 'git@github.com:acme/app.git' }))
    await git('remote', 'add', name, url);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(top, name)), { recursive: true });
    await writeFile(path.join(top, name), text);
  }
  await git('add', '--all');
  await git('commit', '--quiet', '--allow-empty', '--message=one');
  return {
    path: top,
    git,
    install,
    run: async (args, { ask, env: more = {}, cwd = '.' } = {}) =>
      await runWarmbakeHere(
        {
          args,
          cwd: path.join(top, cwd),
          env: { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: directory, NO_COLOR: '1', ...more },
          ...(ask === undefined ? {} : { ask }),
        },
        clock,
      ),
    read: async (file) => await readFile(path.join(top, file), 'utf8'),
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  };
}
