import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { PROJECT } from '../../parts/project.ts';

/** What the program made of an environment. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A checkout whose remote is a folder, and the built program in it. */
export interface CiCheckout extends AsyncDisposable {
  readonly directory: string;
  /** Runs it with these variables and no others of a CI; `event` is put where GITHUB_EVENT_PATH leads. */
  run(
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    options?: {
      readonly event?: object | undefined;
      readonly repository?: string;
      /** A file of the checkout; else one outside of it. */
      readonly config?: string;
    },
  ): Promise<Ran>;
}

function configurationFor(repository: string): string {
  return `
repository: ${repository}
images: { registry: registry.example.com/acme, trusted: app-main, untrusted: app-test }
cache: { registry: registry.example.com/acme, trusted: app-main-cache, untrusted: app-test-cache }
bake: { files: [docker-bake.hcl] }
targets: { app: {} }
`;
}

/** Makes one. Whatever address git is told for the repository leads to the folder. */
export async function makeCiCheckout(): Promise<CiCheckout> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'warmbake-any-ci-'));
  const directory = path.join(scratch, 'checkout');
  const remote = path.join(scratch, 'remote.git');
  const git = async (...argv: readonly string[]) => await execa('git', argv, { cwd: scratch });
  await git('init', '--quiet', '--bare', '--initial-branch=main', remote);
  await git('clone', '--quiet', remote, directory);
  await writeFile(path.join(directory, 'docker-bake.hcl'), 'target "app" {}\n');
  const here = [
    '-C',
    directory,
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@example.com',
    '-c',
    'commit.gpgsign=false',
  ];
  await git(...here, 'checkout', '--quiet', '-B', 'main');
  await git(...here, 'add', '--all');
  await git(...here, 'commit', '--quiet', '--message=one');
  await git(...here, 'push', '--quiet', 'origin', 'main');
  let runs = 0;
  return {
    directory,
    run: async (argv, env, { event, repository = 'github.com/acme/app', config } = {}) => {
      runs += 1;
      const file = path.join(scratch, `event-${runs}.json`);
      const configuration = path.join(scratch, `warmbake-${runs}.yaml`);
      await writeFile(configuration, configurationFor(repository));
      if (event !== undefined) await writeFile(file, JSON.stringify(event));
      const {
        exitCode = -1,
        stdout,
        stderr,
      } = await execa(
        process.execPath,
        [path.join(PROJECT, 'dist/program/warmbake.cjs'), ...argv, '--config', config ?? configuration],
        {
          cwd: directory,
          env: {
            PATH: process.env['PATH'] ?? '',
            HOME: scratch,
            TMPDIR: scratch,
            GIT_CONFIG_COUNT: '1',
            GIT_CONFIG_KEY_0: `url.file://${remote}.insteadOf`,
            GIT_CONFIG_VALUE_0: 'https://',
            ...(event === undefined ? {} : { GITHUB_EVENT_PATH: file }),
            ...env,
          },
          extendEnv: false,
          reject: false,
        },
      );
      return { exitCode, stdout, stderr };
    },
    [Symbol.asyncDispose]: async () => await rm(scratch, { recursive: true, force: true }),
  };
}
