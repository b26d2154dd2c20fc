import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { PROJECT } from '../../parts/project.ts';

/** Git in the checkout, by nobody in particular and without the user's settings; answers with its output. */
export type Git = (...args: readonly string[]) => Promise<string>;

/** The demo project as an agent of a CI has it. */
export interface Checkout {
  readonly directory: string;
  readonly git: Git;
  /** Address of the repository that it was cloned from. */
  readonly remote: string;
}

function gitIn(directory: string): Git {
  const person = (role: string): object => ({
    [`GIT_${role}_NAME`]: 'Demo',
    [`GIT_${role}_EMAIL`]: 'demo@example.com',
  });
  const env = { ...person('AUTHOR'), ...person('COMMITTER'), GIT_CONFIG_GLOBAL: '/dev/null' };
  return async (...args) => (await execa('git', args, { cwd: directory, env })).stdout;
}

/** Puts the project and its repository below `directory`; `registry` takes the place of REGISTRY in its files. */
export async function makeCheckout(directory: string, registry: string): Promise<Checkout> {
  const checkout = path.join(directory, 'checkout');
  const remote = path.join(directory, 'remote.git');
  await cp(path.join(PROJECT, 'bake/demo/project'), checkout, { recursive: true });
  for (const name of ['warmbake.yaml', 'Dockerfile']) {
    const file = path.join(checkout, name);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('REGISTRY', registry));
  }
  await execa('git', ['init', '--quiet', '--bare', remote]);
  await gitIn(remote)('config', 'uploadpack.allowFilter', 'true');
  const git = gitIn(checkout);
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('remote', 'add', 'origin', `file://${remote}`);
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'The demo project');
  return { directory: checkout, git, remote: `file://${remote}` };
}

/** Commits one changed file. */
export async function change({ directory, git }: Checkout, file: string, text: string): Promise<void> {
  await writeFile(path.join(directory, file), `${text}\n`);
  await git('commit', '--quiet', '--all', '--message', text);
}
