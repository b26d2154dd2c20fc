import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { configurationOf } from '../../parts/ci-job/configuration.ts';
import { pullRequest, type Variables } from '../../parts/ci-job/variables.ts';
import { type Ended, runWarmbakeHere } from '../../parts/ci-job/warmbake.ts';

let agent: Agent;
let directory: string;
let top: string;

beforeEach(async () => {
  agent = await makeAgent({ PATH: process.env['PATH'] ?? '' }, { images: 'r.example.com' });
  ({ directory, path: top } = agent.checkout);
  await agent.checkout.commit({ 'ci/warmbake.yaml': textWith('test'), 'docker/x': '' });
  await agent.checkout.git('push', '--quiet', 'origin', 'main');
});
afterEach(async () => await agent[Symbol.asyncDispose]());

/** A configuration whose untrusted repositories are called so. */
function textWith(untrusted: string): string {
  const pair = (what: string) => ({ main: `${what}-main`, test: `${what}-${untrusted}` });
  const places = { images: 'r.example.com', cache: 'r.example.com' };
  return JSON.stringify(configurationOf(places, { images: pair('images'), cache: pair('cache') }));
}

/** A pull request that makes `folder` a submodule with these files, whatever main has there. */
async function takesAsSubmodule(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const other = path.join(directory, 'other');
  await mkdir(other);
  const git = async (...args: readonly string[]) =>
    await execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: other });
  await git('init', '--quiet', '--initial-branch', 'main');
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(other, name), text);
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'theirs');
  await agent.checkout.git('rm', '-r', '--quiet', folder);
  await rm(path.join(top, folder), { recursive: true, force: true });
  await agent.checkout.git(
    '-c',
    'protocol.file.allow=always',
    'submodule',
    '--quiet',
    'add',
    `file://${other}`,
    folder,
  );
  await agent.checkout.git('commit', '--quiet', '--message', 'a submodule');
  await agent.checkout.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/pull/7/head');
}

async function explained(cwd: string, variables: Variables): Promise<Ended> {
  const remote = `file://${path.join(directory, 'remote.git')}`;
  const job = await agent.job(['build', '--explain-context', '--json'], {
    ...pullRequest(),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${remote}.insteadOf`,
    GIT_CONFIG_VALUE_0: 'https://example.com/team/app.git',
    ...variables,
  });
  return await runWarmbakeHere({ ...job, cwd }, clock);
}

const HERE = 'the agent says where the checkout is';
const ELSEWHERE = 'the checkout is elsewhere than the agent says, as in a container';
const UNSAID = 'nobody says where the checkout is';

const placeOf = (where: string): Variables => {
  if (where === UNSAID) return { BUILDKITE_BUILD_CHECKOUT_PATH: undefined };
  return { BUILDKITE_BUILD_CHECKOUT_PATH: where === HERE ? top : '/var/lib/agent/builds/app' };
};

it.each([HERE, ELSEWHERE, UNSAID])(
  'a configuration in what a pull request has made a submodule is main’s: %s',
  async (where) => {
    await takesAsSubmodule('ci', { 'warmbake.yaml': textWith('main') });
    const ended = await explained(top, { WARMBAKE_CONFIG: 'ci/warmbake.yaml', ...placeOf(where) });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      configuration: { from: 'merge-base' },
      targets: [{ tags: [expect.stringContaining('images-test')] }],
    });
  },
);

it.each([HERE, ELSEWHERE, UNSAID])(
  'a job that works in what a pull request has made a submodule does not take its configuration from around it: %s',
  async (where) => {
    await takesAsSubmodule('docker', { x: '' });
    await writeFile(path.join(top, 'ci/warmbake.yaml'), textWith('hostile'));
    const ended = await explained(path.join(top, 'docker'), {
      WARMBAKE_CONFIG: '../ci/warmbake.yaml',
      ...placeOf(where),
    });
    expect(ended.stdout).not.toContain('hostile');
    expect(JSON.parse(ended.stdout)).toMatchObject({ configuration: { from: 'merge-base' } });
  },
);
