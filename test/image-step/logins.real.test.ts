import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest, type Variables } from '../../parts/ci-job/variables.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { REGISTRY_LOGIN, startRegistry } from '../../parts/registry.ts';
import { test } from '../tiers/real.ts';

const USERS = {
  auths: { 'ghcr.io': { auth: 'Z2g6cA==' }, 'base.example.com': { auth: 'YmE6cA==' } },
  credHelpers: { '123456789012.dkr.ecr.us-east-1.amazonaws.com': 'ecr-login' },
};

/** Whose logins buildx is given in a build of this kind, by its own configuration, and what the build warns about. */
async function given(agent: Agent, variables: Variables) {
  const seen = path.join(agent.temp, 'seen.json');
  const plugin = path.join(agent.dockerConfig, 'cli-plugins/docker-buildx');
  const script = await readFile(plugin, 'utf8');
  await writeFile(plugin, script.replace('\n', `\ncp "$DOCKER_CONFIG/config.json" '${seen}'\n`));
  await writeFile(path.join(agent.dockerConfig, 'config.json'), JSON.stringify(USERS));
  const built = requireSuccess(await agent.build(variables, { args: ['--force'] }));
  const { auths, credHelpers } = JSON.parse(await readFile(seen, 'utf8'));
  const codes = built.result.warnings.map(({ code }) => code).filter((code) => /login/.test(code));
  return { hosts: [...Object.keys(auths), ...Object.keys(credHelpers)].toSorted(), codes };
}

const ALL = ['123456789012.dkr.ecr.us-east-1.amazonaws.com', 'base.example.com', 'ghcr.io'];

test.for([
  ['a pull request', pullRequest(), {}, [], ['logins-withheld']],
  [
    'a pull request whose base images are at a host that the configuration names',
    pullRequest(),
    { pull: ['base.example.com'] },
    ['base.example.com'],
    [],
  ],
  ['a pull request of a machine that shall give no login', pullRequest(), { pull: [] }, [], []],
  ['a push to main', MAIN, { pull: [] }, ALL, []],
] as const)(
  'buildx of %s has the logins that it may use',
  async ([, variables, logins, hosts, codes], { engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    await agent.configure((all) => ({ ...all, logins }));
    expect(await given(agent, variables)).toEqual({ hosts, codes });
  },
);

test('a pull request is built from a base image that needs a login where the configuration names its host, and told so where not', async ({
  engine,
  registry,
  onTestFinished,
}) => {
  const locked = await startRegistry({ locked: true });
  onTestFinished(locked.stop);
  const { username, password } = REGISTRY_LOGIN;
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const users = JSON.stringify({ auths: { [locked.host]: { auth } } });
  await using maker = await makeAgent(engine.env, { images: locked.host });
  await writeFile(path.join(maker.dockerConfig, 'config.json'), users);
  requireSuccess(await maker.build(MAIN));

  const base = `${locked.host}/${maker.repositories.images.main}:latest`;
  const dockerfile = `FROM ${base} AS app\nCOPY version.txt /\n`;
  await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile: dockerfile });
  await writeFile(path.join(agent.dockerConfig, 'config.json'), users);
  const refused = await agent.build(pullRequest(), { clock });
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toMatch(
    /logins-withheld.*\n[\s\S]*hint: if this base image needs a login: .*logins\.pull/,
  );
  await agent.configure((all) => ({ ...all, logins: { pull: [locked.host] } }));
  requireSuccess(await agent.build(pullRequest(), { clock }));
});
