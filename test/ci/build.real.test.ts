import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { type Agent, type Built, makeAgent } from '../../parts/ci-job/agent.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { test } from '../tiers/real.ts';
import { type GithubJob, proposed, pushed } from './recorded-github.ts';
import { mergeRequest, onBranch } from './recorded-gitlab.ts';
import { branchJob, proposalJob } from './recorded-other.ts';

/** Buildkite's variables, which the machine has else. */
const NO_BUILDKITE = {
  BUILDKITE: undefined,
  BUILDKITE_REPO: undefined,
  BUILDKITE_COMMIT: undefined,
  BUILDKITE_BUILD_NUMBER: undefined,
  BUILDKITE_BUILD_ID: undefined,
};

/** A job: its environment, and the files that its system reads afterwards. */
type Job = (
  agent: Agent,
  kind: 'main' | 'proposal',
) => Promise<{
  readonly env: Readonly<Record<string, string>>;
  readonly read: (file: string) => Promise<string>;
}>;

const head = async (agent: Agent): Promise<string> => await agent.checkout.git('rev-parse', 'HEAD');

const github: Job = async (agent, kind) => {
  const { env, event }: GithubJob = kind === 'main' ? pushed('refs/heads/main') : proposed('pull_request');
  const folder = path.join(agent.checkout.directory, `github-${kind}`);
  await mkdir(folder);
  const files = {
    GITHUB_EVENT_PATH: 'event.json',
    GITHUB_STEP_SUMMARY: 'summary.md',
    GITHUB_OUTPUT: 'output',
  };
  const repository = { full_name: 'team/app', default_branch: 'main' };
  await writeFile(path.join(folder, 'event.json'), JSON.stringify({ ...event, repository }));
  for (const file of ['summary.md', 'output']) await writeFile(path.join(folder, file), '');
  const places = Object.entries(files).map(([name, file]) => [name, path.join(folder, file)] as const);
  return {
    env: {
      ...env,
      GITHUB_SERVER_URL: 'https://example.com',
      GITHUB_REPOSITORY: 'team/app',
      GITHUB_SHA: await head(agent),
      ...Object.fromEntries(places),
    },
    read: async (file) => await readFile(path.join(folder, file), 'utf8'),
  };
};

const gitlab: Job = async (agent, kind) => ({
  env: {
    ...(kind === 'main' ? onBranch('main') : mergeRequest()),
    CI_COMMIT_SHA: await head(agent),
    CI_PROJECT_URL: 'https://example.com/team/app',
    CI_REPOSITORY_URL: path.join(agent.checkout.directory, 'remote.git'),
  },
  read: async (file) => await readFile(path.join(agent.checkout.directory, file), 'utf8'),
});

const other: Job = async (agent, kind) => ({
  env: {
    ...(kind === 'main' ? branchJob('main') : proposalJob()),
    WARMBAKE_CI_COMMIT: await head(agent),
    WARMBAKE_CI_REPOSITORY: 'https://example.com/team/app.git',
  },
  read: async (file) => await readFile(path.join(agent.checkout.directory, file), 'utf8'),
});

/** The first digest of the images that a build pushed. */
function digestOf({ result }: Built): string {
  const [first] = result.targets.flatMap(({ verified }) => verified);
  if (first === undefined) throw new Error('nothing was pushed');
  return first.digest;
}

test.for([
  ['GitHub', github],
  ['GitLab', gitlab],
  ['any other', other],
] as const)(
  '%s: main is built and is trusted, a pull request builds on it and writes its own names',
  async ([system, job], { engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const dotenv = path.join(agent.checkout.directory, 'build.env');
    const args = ['--dotenv', dotenv];

    const main = await job(agent, 'main');
    const built = requireSuccess(await agent.build({ ...NO_BUILDKITE, ...main.env }, { args }));
    const { images } = agent.repositories;
    const commit = await head(agent);
    expect(built.result).toMatchObject({ outcome: 'built', context: { kind: 'main', trusted: true } });
    expect(await readFile(dotenv, 'utf8')).toContain(
      `WARMBAKE_IMAGE=${registry.host}/${images.main}:${commit}\n`,
    );
    expect(await readFile(dotenv, 'utf8')).toContain(`WARMBAKE_DIGEST=${digestOf(built)}\n`);

    await agent.checkout.git('switch', '--quiet', '--create', 'work');
    await agent.checkout.commit({ 'source.txt': 'two\n' });
    const proposal = await job(agent, 'proposal');
    const next = requireSuccess(await agent.build({ ...NO_BUILDKITE, ...proposal.env }, { args }));
    const work = await head(agent);
    expect(next.result).toMatchObject({
      outcome: 'built',
      context: { kind: 'pull-request', number: 7, trusted: false },
    });
    const written = next.result.targets.flatMap(({ verified, promoted }) =>
      [...verified, ...promoted].map(({ ref }) => ref),
    );
    expect(written).toContain(`${registry.host}/${images.test}:${work}`);
    expect(written.filter((ref) => /-main:/.test(ref))).toEqual([]);
    expect(next.stderr).toMatch(/\d+ of \d+ steps from the cache/);

    if (system !== 'GitHub') return;
    expect(built.stderr).toMatch(/^::group::/m);
    expect(await main.read('output')).toContain(digestOf(built));
    expect(await main.read('summary.md')).toContain('test-ci');
  },
);
