import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { putCache, tagsOf } from './registry-content.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

/** No CI. */
const LOCAL = { BUILDKITE: undefined };

test('outside of CI caches are imported, and nothing is pushed, exported or sent', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { images, cache } = agent.repositories;
  await putCache(registry.host, `${cache.main}:latest`);
  const { result, stderr } = requireSuccess(await agent.build(LOCAL));
  expect(stderr).not.toContain('Reading back');
  expect(result.targets).toMatchObject([
    { outcome: 'built', verified: [], exported: [], promoted: [], record: { imports: [{ state: 'found' }] } },
  ]);
  expect(await tagsOf(registry.host, images.test)).toEqual([]);
  expect(await tagsOf(registry.host, cache.test)).toEqual([]);
  expect((await agent.calls()).filter((call) => call.startsWith('buildkite-agent'))).toEqual([]);
});

test('--load leaves the image in the engine by the name of the bake file, and --set changes what is built', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const tag = `warmbake-test-${path.basename(agent.checkout.directory).toLowerCase()}:mine`;
  await agent.checkout.commit({
    'docker-bake.hcl': `variable "COMMIT" { default = "unknown" }
target "app" {
  target = "app"
  args = { COMMIT = COMMIT, jobs = "2" }
  tags = ["${tag}"]
}
`,
  });
  const docker = async (...args: readonly string[]) => await execa('docker', args, { env: engine.env });
  const planned = requireSuccess(await agent.run(['plan'], LOCAL, { clock }));
  expect(planned.stdout).toContain("only the builder's cache is filled (outside of CI, --load leaves");

  const options = ['--load', '--set', 'test-ci.labels.by=hand', 'test-ci'];
  try {
    const { stderr, result } = requireSuccess(await agent.build(LOCAL, { clock, args: options }));
    expect(result.planned).toMatchObject([{ load: [tag] }]);
    expect(result.planned[0]).not.toHaveProperty('replaced');
    expect(result.warnings).toMatchObject([{ code: 'definition-overridden' }]);
    expect(stderr).toContain(`loaded   ${tag}`);
    const labels = await docker('image', 'inspect', '--format', '{{json .Config.Labels}}', tag);
    expect(JSON.parse(labels.stdout)).toEqual({ by: 'hand' });
  } finally {
    await docker('image', 'rm', '--force', tag);
  }
  for (const { main, test: other } of Object.values(agent.repositories)) {
    for (const repository of [main, other]) expect(await tagsOf(registry.host, repository)).toEqual([]);
  }
});

test.for([['--load'], ['--set', 'test-ci.args.jobs=9']])(
  '%j in CI is refused: what CI builds follows from commit and configuration',
  async (options, { engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    for (const command of ['plan', 'build']) {
      const refused = await agent.run([command, ...options], MAIN, { clock });
      expect(refused).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining('is for builds outside of CI'),
      });
    }
    expect(await tagsOf(registry.host, agent.repositories.images.main)).toEqual([]);
  },
);

test('--set reaches no result and no file of the machine', async ({ engine, registry }) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const refusals = [
    ['test-ci.tags=evil.example/x:y', 2, /--set cannot change this/],
    ['test-ci.output=type=local,dest=/tmp/x', 2, /--set cannot change this/],
    ['test-ci.secrets=id=x,src=/etc/passwd', 3, /\/etc\/passwd is outside of/],
  ] as const;
  for (const [text, exitCode, said] of refusals) {
    const ended = await agent.run(['plan', '--set', text], LOCAL, { clock });
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringMatching(said) });
  }
});

test('--push outside of CI writes untrusted names, from a checkout without changes only', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { images, cache } = agent.repositories;
  await writeFile(path.join(agent.checkout.path, 'note.txt'), 'to do\n');
  const refused = await agent.run(['build', '--push'], LOCAL, { clock });
  expect(refused).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('uncommitted changes: note.txt'),
  });

  const head = await agent.checkout.commit({ 'note.txt': 'done\n' });
  requireSuccess(await agent.build(LOCAL, { clock, args: ['--push'] }));
  expect(await tagsOf(registry.host, images.test)).toEqual([head]);
  expect(await tagsOf(registry.host, cache.test)).toEqual([head, 'main']);
  for (const { main } of [images, cache]) expect(await tagsOf(registry.host, main)).toEqual([]);
});

test('a --set that bake does not take is told with what was written, and not as a fault of the bake file', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  for (const [text, problem] of [
    ['nosuch.args.X=1', "bake knows no target 'nosuch'; this build has test-ci"],
    ['test-ci.nokey=1', "bake knows no key 'nokey'"],
  ] as const) {
    const refused = await agent.run(['plan', '--offline', '--set', text], LOCAL, { clock });
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`error: --set ${text}: ${problem}`),
    });
  }
});
