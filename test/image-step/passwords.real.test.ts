import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { test } from '../tiers/real.ts';

const PASSWORD = 'hunter2-9f31c';
const SECRET = `https://somebody:${PASSWORD}@ci.example.com/team/app`;

/** Everything that a job has said and left. */
async function left(agent: Agent, state: string): Promise<string> {
  const names = await readdir(state, { recursive: true, withFileTypes: true });
  const files = names.filter((e) => e.isFile()).map((e) => path.join(e.parentPath, e.name));
  const texts = [...files, path.join(agent.checkout.directory, 'result.json')].map(
    async (file) => await readFile(file, 'utf8').catch(() => ''),
  );
  return JSON.stringify([await agent.sent(), await Promise.all(texts)]);
}

test.for([
  ['a push', MAIN],
  ['a pull request', pullRequest()],
] as const)(
  'plan, log, result, record and annotations of %s have no password of an address that the job was given',
  async ([, variables], { engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const state = path.join(agent.checkout.directory, 'state');
    await agent.configure((all) => ({ ...all, state }));
    // Nobody answers there, and git quotes the address.
    const remote = `http://somebody:${PASSWORD}@127.0.0.1:9/team/app.git`;
    await agent.checkout.git('remote', 'set-url', 'origin', remote);
    const given = {
      ...variables,
      BUILDKITE_BUILD_URL: `${SECRET}/builds/1`,
      BUILDKITE_REPO: `https://somebody:${PASSWORD}@example.com/team/app.git`,
      BUILDKITE_PULL_REQUEST_REPO: variables === MAIN ? '' : SECRET,
      BUILDKITE_ORGANIZATION_SLUG: 'team',
    };
    const planned = await agent.run(['plan', '--json'], given, { clock });
    const built = await agent.build(given, { clock });
    expect([planned.exitCode, built.exitCode]).toEqual([0, 0]);
    const all = JSON.stringify([planned, built]) + (await left(agent, state));
    expect(all).toContain('https://ci.example.com/team/app/builds/1');
    expect(all).not.toContain(PASSWORD);
  },
);

test.for([
  'BUILDKITE_BUILD_URL',
  'BUILDKITE_REPO',
  'BUILDKITE_PULL_REQUEST_REPO',
  'BUILDKITE_COMMIT',
  'BUILDKITE_PULL_REQUEST',
  'BUILDKITE_BUILD_NUMBER',
  'BUILDKITE_BUILD_ID',
  'BUILDKITE_LABEL',
  'BUILDKITE_STEP_KEY',
  'WARMBAKE_CONFIG',
  'DOCKER_HOST',
  'HTTPS_PROXY',
])('an address in %s is not quoted with its password', async (name, { engine, registry }) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const given = { ...pullRequest(), [name]: SECRET };
  const ended = await agent.run(['plan', '--offline', '--json'], given, { clock });
  expect(JSON.stringify(ended)).not.toContain(PASSWORD);
});
