import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest, type Variables } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
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
