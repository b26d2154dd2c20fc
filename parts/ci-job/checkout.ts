import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { BASE_IMAGE } from '../base-image.ts';

/** Files by their path in the checkout. */
export type Files = Readonly<Record<string, string>>;

/** A small project in git with a remote, as an agent of a CI has it. */
export interface Checkout extends AsyncDisposable {
  /** Everything that belongs to it and to the jobs that run in it; the remote is `remote.git`. */
  readonly directory: string;
  /** Top level of the checkout. */
  readonly path: string;
  /** Runs git in it, by nobody in particular; answers with what git prints. */
  readonly git: (...args: readonly string[]) => Promise<string>;
  /** Writes files and commits everything; answers with the commit's id. */
  readonly commit: (files: Files) => Promise<string>;
}

/** A dependency layer below a source layer; only the last step sees the commit. */
const DOCKERFILE = `FROM ${BASE_IMAGE} AS dependencies
COPY lock.txt /lock.txt
FROM dependencies AS app
COPY source.txt /source.txt
ARG COMMIT=unknown
COPY version.txt /\${COMMIT}.txt
`;

const BAKE_FILE = `variable "COMMIT" {
  default = "unknown"
}

variable "MAX_JOBS" {
  default = "2"
}

target "app" {
  target = "app"
  args = {
    COMMIT = COMMIT
    jobs   = MAX_JOBS
  }
}
`;

/** The project that the tests of the image-build step build. */
export const PROJECT_FILES: Files = {
  Dockerfile: DOCKERFILE,
  'docker-bake.hcl': BAKE_FILE,
  'lock.txt': 'one\n',
  'source.txt': 'one\n',
  'version.txt': 'one\n',
};

/** Git without the user's settings. */
function gitIn(directory: string): Checkout['git'] {
  const person = (role: string): object => ({
    [`GIT_${role}_NAME`]: 'Test',
    [`GIT_${role}_EMAIL`]: 'test@example.com',
  });
  const env = { ...person('AUTHOR'), ...person('COMMITTER'), GIT_CONFIG_GLOBAL: '/dev/null' };
  return async (...args) => (await execa('git', args, { cwd: directory, env })).stdout;
}

/** Makes a checkout on branch `main` with one commit; `files` are added to {@link PROJECT_FILES} or replace them. */
export async function makeCheckout(files: Files = {}): Promise<Checkout> {
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-build-'));
  const top = path.join(directory, 'checkout');
  await mkdir(top);
  const git = gitIn(top);
  await git('init', '--quiet', '--bare', '../remote.git');
  await git('--git-dir=../remote.git', 'config', 'uploadpack.allowFilter', 'true');
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('remote', 'add', 'origin', `file://${path.join(directory, 'remote.git')}`);
  const checkout: Checkout = {
    directory,
    path: top,
    git,
    commit: async (changed) => {
      for (const [name, text] of Object.entries(changed)) {
        await mkdir(path.dirname(path.join(top, name)), { recursive: true });
        await writeFile(path.join(top, name), text);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--message', Object.keys(changed).join(', '));
      return await git('rev-parse', 'HEAD');
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  };
  await checkout.commit({ ...PROJECT_FILES, ...files });
  return checkout;
}
