import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { playAgent } from '../parts/agent.ts';
import type { Buildx } from '../parts/engine.ts';
import { PROJECT } from '../parts/project.ts';
import type { Registry } from '../parts/registry.ts';

/** What a command left. */
export interface Ran {
  readonly exitCode: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** A CI job on a small repository: two quick steps, one target, one remote. */
export interface SmallJob {
  readonly commit: string;
  /** Refs that this job's builds push to and export to. */
  readonly refs: { readonly image: string; readonly cache: string };
  /** Where the builds of the job leave their artifacts. */
  readonly artifacts: string;
  /** Writes a file of the checkout without a commit. */
  write(file: string, text: string): Promise<void>;
  /** Runs the tool as a build of main would, unless `env` says otherwise. */
  run(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** What the registry answers for a manifest: 200 or 404. */
  holds(repository: string, tag: string): Promise<number>;
  remove(): Promise<void>;
}

export const DOCKERFILE = `FROM warmbake/base:1 AS test
ARG COMMIT
RUN echo compiled > /compiled
RUN echo "$COMMIT" > /commit
`;
const BAKE_FILE = `variable "COMMIT" { default = "none" }
target "app" {
  args = { COMMIT = COMMIT }
}
`;
const BUILD = { id: '0193a4c7-9e21-4b7a-8c55-2d9f04b1e6aa', number: '17' };

function configuration(registry: string, name: string): string {
  return `repository: example.com/team/${name}
images: { registry: "${registry}", trusted: ${name}/images-main, untrusted: ${name}/images-test }
cache: { registry: "${registry}", trusted: ${name}/cache-main, untrusted: ${name}/cache-test }
bake:
  files: [docker-bake.hcl]
  variables: { COMMIT: "\${commit}" }
  perCommit: [COMMIT]
targets:
  test-ci: { inherits: [app], target: test }
`;
}

/** Makes the job; `name` keeps its repositories apart from those of other tests, `program` is the tool (default: as built). */
export async function smallJob(
  { env }: Pick<Buildx, 'env'>,
  { host }: Registry,
  options: { readonly name: string; readonly program?: readonly string[] },
): Promise<SmallJob> {
  const { name, program = [process.execPath, path.join(PROJECT, 'dist/src/main.js')] } = options;
  const directory = await mkdtemp(path.join(tmpdir(), `warmbake-${name}-`));
  const checkout = path.join(directory, 'checkout');
  const git = async (...args: readonly string[]): Promise<string> => {
    const who = { GIT_AUTHOR_NAME: 'T', GIT_AUTHOR_EMAIL: 't@example.com', GIT_CONFIG_GLOBAL: '/dev/null' };
    const committer = { GIT_COMMITTER_NAME: 'T', GIT_COMMITTER_EMAIL: 't@example.com' };
    return (await execa('git', args, { cwd: checkout, env: { ...who, ...committer } })).stdout;
  };
  const write = async (file: string, text: string): Promise<void> =>
    await writeFile(path.join(checkout, file), text);
  await mkdir(checkout);
  await write('Dockerfile', DOCKERFILE);
  await write('docker-bake.hcl', BAKE_FILE);
  await write('warmbake.yaml', configuration(host, name));
  await execa('git', ['init', '--quiet', '--bare', path.join(directory, 'remote.git')]);
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('remote', 'add', 'origin', path.join(directory, 'remote.git'));
  await git('add', '.');
  await git('commit', '--quiet', '--message', name);
  await git('push', '--quiet', 'origin', 'main');
  const commit = await git('rev-parse', 'HEAD');
  const agent = playAgent(path.join(directory, 'agent'), env['PATH'] ?? '');
  const job = {
    ...env,
    ...agent.env(BUILD),
    BUILDKITE_BRANCH: 'main',
    BUILDKITE_COMMIT: commit,
    BUILDKITE_PULL_REQUEST: 'false',
    BUILDKITE_REPO: `https://example.com/team/${name}.git`,
    AWS_EC2_METADATA_DISABLED: 'true',
    WARMBAKE_CONFIG: 'warmbake.yaml',
    NO_COLOR: '1',
  };
  const [file = '', ...first] = program;
  return {
    commit,
    refs: { image: `${host}/${name}/images-main:${commit}`, cache: `${host}/${name}/cache-main:${commit}` },
    artifacts: path.join(directory, 'agent', BUILD.id),
    write,
    run: async (argv, more = {}) => {
      const ended = await execa(file, [...first, ...argv], {
        cwd: checkout,
        env: { ...job, ...more },
        extendEnv: false,
        reject: false,
      });
      return { exitCode: ended.exitCode, out: ended.stdout, err: ended.stderr };
    },
    holds: async (repository, tag) =>
      (await fetch(`http://${host}/v2/${name}/${repository}/manifests/${tag}`, { headers: ACCEPT })).status,
    remove: async () => await rm(directory, { recursive: true, force: true }),
  };
}

const ACCEPT = {
  accept: ['application/vnd.oci.image.index.v1+json', 'application/vnd.oci.image.manifest.v1+json'].join(','),
};
