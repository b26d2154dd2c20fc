import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import type { Clock } from '../../src/platform/clock.ts';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { PROJECT_FILES } from '../../parts/ci-job/checkout.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { test } from '../tiers/real.ts';

/** Waits little before tags are read once more. */
const hasty: Clock = {
  now: () => clock.now(),
  sleep: async (ms, signal) => await clock.sleep([2_000, 5_000].includes(ms) ? 10 : ms, signal),
};

test('an exported cache that reads as nonsense afterwards is a warning: the image stands', async ({
  engine,
  registry,
  faults,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host, cache: faults.host });
  const commit = await agent.checkout.git('rev-parse', 'HEAD');
  const nonsense = { kind: 'answer', status: 200, body: '[]' } as const;
  faults.set([
    { on: ({ method, path: p }) => method === 'GET' && p.endsWith(`/manifests/${commit}`), fault: nonsense },
  ]);
  const { result } = requireSuccess(await agent.build(MAIN));
  expect(result).toMatchObject({
    outcome: 'built',
    targets: [{ outcome: 'built', verified: [{}], promoted: [{ action: 'move' }] }],
    warnings: expect.arrayContaining([expect.objectContaining({ code: 'cache-export-unverified' })]),
  });
});

test('a tag that cannot be read back fails its target with a record, and gets no further name', async ({
  engine,
  registry,
  faults,
}) => {
  await using agent = await makeAgent(engine.env, { images: faults.host, cache: registry.host });
  const gone = { kind: 'answer', status: 404 } as const;
  faults.set([
    { on: ({ method, path: p }) => method === 'HEAD' && p.includes('/images-main/manifests/'), fault: gone },
  ]);
  const { exitCode, stderr, result } = await agent.build(MAIN, { clock: hasty });
  expect(exitCode).toBe(5);
  expect(stderr).toMatch(/error: \S+ was pushed as sha256:\w+ but cannot be read back: missing\n/);
  expect(result).toMatchObject({
    outcome: 'failed',
    error: { code: 'build-tag-not-readable', exitCode: 5 },
    targets: [{ outcome: 'failed', record: {}, verified: [], failures: [{ class: 'tag-not-readable' }] }],
  });
  expect(result.targets[0]?.promoted.map(({ ref }) => ref)).toEqual([
    `${registry.host}/${agent.repositories.cache.main}:latest`,
  ]);
});

test('a record that cannot be written any more hides no failure, and takes nothing back', async ({
  engine,
  registry,
}) => {
  const Dockerfile = `FROM ${BASE_IMAGE} AS app\nCOPY source.txt /\nRUN ! grep broken /source.txt\n`;
  await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile });
  const folder = path.join(agent.temp, 'records');
  await agent.program('buildkite-agent', `rm -rf '${folder}'`);
  const build = async () => {
    await mkdir(folder);
    return await agent.run(['build', '--result', path.join(folder, 'result.json')], MAIN);
  };
  const built = await build();
  expect(built).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/\nerror: --result: .*\n/) });
  expect(built.stderr).toMatch(/name {5}\S+:latest moved/);

  await agent.checkout.commit({ 'source.txt': 'broken\n' });
  const failed = await build();
  expect(failed.exitCode).toBe(6);
  expect(failed.stderr).toMatch(/\nerror: .*RUN ! grep broken.* ended with exit code 1\nfailed after .*\n$/);
  expect(failed.stderr).toContain('--result: the folder of');
});

test.for(['engine', 'oldBuildx'] as const)(
  'a target whose result is no index is built, pushed, and skipped the next time (%s)',
  async (which, { engine, oldBuildx, registry }) => {
    const bakeFile = `${PROJECT_FILES['docker-bake.hcl']}
target "app" {
  attest = ["type=provenance,disabled=true"]
}
`;
    const { env } = { engine, oldBuildx }[which];
    await using agent = await makeAgent(env, { images: registry.host }, { 'docker-bake.hcl': bakeFile });
    requireSuccess(await agent.build(MAIN));
    expect(requireSuccess(await agent.build(MAIN)).result.outcome).toBe('skipped');
  },
);
