import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import type { Configuration } from '../../parts/ci-job/configuration.ts';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { test } from '../tiers/real.ts';

const OFFLINE = { images: '127.0.0.1:9' };
const LOCAL = { BUILDKITE: undefined };
const DOCKERFILE = `FROM ${BASE_IMAGE} AS app\nCOPY Dockerfile /copy\n`;

/** A machine with a checkout of these files and targets. */
async function agentWith(
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
  targets: Configuration['targets'],
): Promise<Agent> {
  const agent = await makeAgent(env, OFFLINE, { Dockerfile: DOCKERFILE, ...files });
  await agent.configure((same) => ({ ...same, bake: { files: Object.keys(files) }, targets }));
  return agent;
}

describe.each(['engine', 'oldBuildx'] as const)('with the buildx of %s', (which) => {
  test('a Dockerfile or context that is not there is found in the plan', async ({ engine, oldBuildx }) => {
    const docker = { engine, oldBuildx }[which];
    const file = 'target "app" { dockerfile = "Dokcerfile" }\ntarget "lib" { context = "lbi" }\n';
    await using agent = await agentWith(
      docker.env,
      { 'docker-bake.hcl': file },
      { app: {}, lib: { lane: 'lib' } },
    );
    const plan = async (name: string) => await agent.run(['plan', '--offline', name], LOCAL, { clock });
    expect(await plan('app')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining(
        "app: the file 'Dokcerfile' is not in the checkout\n  hint: did you mean 'Dockerfile'?",
      ),
    });
    expect(await plan('lib')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining("lib: the context 'lbi' is not in the checkout"),
    });
  });

  test('two targets that would be loaded by one name are an error before the build', async ({
    engine,
    oldBuildx,
  }) => {
    const docker = { engine, oldBuildx }[which];
    const file = 'target "app" { tags = ["mine:1"] }\ntarget "lib" { tags = ["docker.io/library/mine:1"] }\n';
    await using agent = await agentWith(
      docker.env,
      { 'docker-bake.hcl': file },
      { app: {}, lib: { lane: 'lib' } },
    );
    const refused = await agent.run(['build', '--load'], LOCAL, { clock });
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("--load: 'app' and 'lib' would both be 'docker.io/library/mine:1'"),
    });
    expect(refused.stderr).toContain('warmbake build app --load');
    expect(await agent.bakes()).toEqual([]);
  });

  test.for([
    ['__proto__', 'cannot be the name of a target here'],
    ['warmbake-escapes', 'is a name that warmbake itself uses'],
  ] as const)(
    'a member of a group that is called %s is refused by its name',
    async ([name, because], { engine, oldBuildx }) => {
      const docker = { engine, oldBuildx }[which];
      const file = `group "all" { targets = ["app", "${name}"] }\ntarget "app" {}\ntarget "${name}" {}\n`;
      await using agent = await agentWith(docker.env, { 'docker-bake.hcl': file }, { all: {} });
      expect(await agent.run(['plan', '--offline'], LOCAL, { clock })).toMatchObject({
        exitCode: 3,
        stderr: expect.stringContaining(`the bake files have a target '${name}': that ${because}`),
      });
    },
  );

  test('an unknown name that JavaScript knows is unknown like others', async ({ engine, oldBuildx }) => {
    const docker = { engine, oldBuildx }[which];
    await using agent = await agentWith(docker.env, { 'docker-bake.hcl': 'target "app" {}\n' }, { app: {} });
    for (const name of ['__proto__', 'constructor', 'nobody']) {
      expect(await agent.run(['plan', '--offline', name], LOCAL, { clock })).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(`'${name}' is not a configured target; there are app`),
      });
    }
  });
});

test('a group with a check builds its images; what is left out is told', async ({ engine }) => {
  const file = `group "all" { targets = ["app", "lint"] }
target "app" {}
target "lint" {
  inherits = ["app"]
  call = "check"
}
`;
  await using agent = await agentWith(engine.env, { 'docker-bake.hcl': file }, { all: {} });
  const { exitCode, stdout, stderr } = await agent.run(['plan', '--offline', '--json'], LOCAL, { clock });
  expect(stderr).toContain("'lint' is left out: its call is 'check', which builds nothing");
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ targets: [{ name: 'app' }] });
});

test('a compose file is refused with a way that works', async ({ engine }) => {
  const file = 'services:\n  web:\n    image: web\n    build:\n      context: .\n';
  await using agent = await agentWith(engine.env, { 'compose.yaml': file }, { web: {} });
  const way = 'docker buildx bake -f compose.yaml --print > docker-bake.json';
  expect(await agent.run(['plan', '--offline'], LOCAL, { clock })).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining(`Compose is not supported (\`${way}\` makes one of it)`),
  });
  const { env } = engine;
  const cwd = agent.checkout.path;
  await execa('sh', ['-c', way], {
    env,
    extendEnv: false,
    cwd,
  });
  await agent.configure((same) => ({ ...same, bake: { files: ['docker-bake.json'] }, targets: { web: {} } }));
  expect(await agent.run(['plan', '--offline'], LOCAL, { clock })).toMatchObject({ exitCode: 0 });
});
