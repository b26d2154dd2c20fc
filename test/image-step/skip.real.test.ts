import { expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { manifestOf, putCache, putManifest } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

test('what is there is not built again, a moved latest is put right, another content is not accepted (B-08, B-15)', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  await agent.configure((same) => ({ ...same, targets: { 'test-ci': { inherits: ['app'], lane: 'cpu' } } }));
  const older = await agent.checkout.git('rev-parse', 'HEAD');
  requireSuccess(await agent.build(MAIN, { clock }));
  const newer = await agent.checkout.commit({ 'source.txt': 'two\n' });
  requireSuccess(await agent.build(MAIN, { clock }));
  const { main } = agent.repositories.images;
  await agent.calls();

  const again = requireSuccess(await agent.build(MAIN));
  expect(again.result).toMatchObject({
    outcome: 'skipped',
    targets: [{ outcome: 'skipped', verified: [{ ref: `${registry.host}/${main}:${newer}-cpu` }] }],
  });
  // The machine image job reads the artifact of whatever step named the image last.
  const calls = await agent.calls();
  expect(calls).toContain('buildkite-agent artifact upload bake-config-build-1-cpu.json');
  expect(calls.filter((call) => /buildx bake (?!--print|-f \S+ --list)/.test(call))).toEqual([]);

  const { main: cache } = agent.repositories.cache;
  const latest = [main, cache].map((name) => `${name}:latest-cpu`);
  for (const lagging of [latest, latest.slice(0, 1), latest.slice(1)]) {
    for (const name of lagging) {
      const behind = await manifestOf(registry.host, name.replace('latest', older));
      await putManifest(registry.host, name, behind);
    }
    const { result } = await agent.build(MAIN, { clock });
    expect(result).toMatchObject({
      outcome: 'skipped',
      targets: [{ decision: { decision: 'repair' } }],
    });
    const moved = result.targets[0]?.promoted.filter(({ action }) => action === 'move') ?? [];
    expect(moved.map(({ ref }) => ref)).toEqual(lagging.map((name) => `${registry.host}/${name}`));
    for (const name of latest) {
      expect(await manifestOf(registry.host, name)).toEqual(
        await manifestOf(registry.host, name.replace('latest', newer)),
      );
    }
  }

  await putManifest(
    registry.host,
    `${main}:${newer}-cpu`,
    await manifestOf(registry.host, `${main}:${older}-cpu`),
  );
  const rebuilt = await agent.build(MAIN, { clock });
  expect(rebuilt.result.targets).toMatchObject([
    { outcome: 'built', decision: { because: expect.stringContaining(`holds ${older.slice(0, 12)}`) } },
  ]);
  const { digest } = await manifestOf(registry.host, `${main}:${newer}-cpu`);
  expect(rebuilt.result.targets[0]?.verified).toMatchObject([{ digest }]);

  expect((await agent.plan(MAIN, '--force')).targets[0]?.skip).toEqual({
    decision: 'build',
    because: 'told to (--force)',
  });
});

test('a registry that refuses to answer has not said that the image is absent (B-07)', async ({
  engine,
  registry,
  faults,
}) => {
  await using agent = await makeAgent(engine.env, { images: faults.host, cache: registry.host });
  faults.set([{ on: ({ path }) => path.includes('/manifests/'), fault: { kind: 'answer', status: 403 } }]);
  expect((await agent.plan(MAIN)).targets[0]?.skip).toEqual({
    decision: 'build',
    because: expect.stringMatching(/could not be checked \(403 Forbidden/),
  });
});

test('latest never moves back: an older build that finishes late leaves it where it is (B-35)', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { git, commit } = agent.checkout;
  const { images, cache } = agent.repositories;
  const older = await git('rev-parse', 'HEAD');
  const newer = await commit({ 'source.txt': 'two\n' });
  await git('push', '--quiet', 'origin', 'main');
  requireSuccess(await agent.build({ ...MAIN, BUILDKITE_BUILD_NUMBER: '2' }, { clock }));
  const latest = async (): Promise<readonly string[]> =>
    await Promise.all(
      [images.main, cache.main].map(
        async (name) => (await manifestOf(registry.host, `${name}:latest`)).digest,
      ),
    );
  const before = await latest();

  await git('switch', '--quiet', '--detach', older);
  const late = requireSuccess(await agent.build(MAIN));
  const because = `it holds the newer commit ${newer.slice(0, 12)}`;
  expect(late.result.targets[0]?.promoted).toMatchObject([
    { ref: `${registry.host}/${images.main}:latest`, action: 'stay', because },
    { ref: `${registry.host}/${cache.main}:latest`, action: 'stay', because },
  ]);
  expect(await latest()).toEqual(before);

  // An operator may, and only in so many words.
  const ref = `${registry.host}/${images.main}:${older}`;
  const outside = { BUILDKITE: undefined };
  const refused = await agent.run(['promote', ref, 'latest'], outside, { clock });
  expect(refused).toMatchObject({
    exitCode: 4,
    stdout: expect.stringMatching(new RegExp(`${because}; --force moves it`)),
  });
  const dry = await agent.run(['promote', ref, 'latest', '--force', '--dry-run'], outside, { clock });
  expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('moved') });
  expect(await latest()).toEqual(before);
  const forced = requireSuccess(await agent.run(['promote', ref, 'latest', '--force', '--json'], outside));
  expect(JSON.parse(forced.stdout)).toMatchObject({ schemaVersion: 1, action: 'move' });
  expect((await latest())[0]).toBe((await manifestOf(registry.host, `${images.main}:${older}`)).digest);
});

test('a latest that another tool wrote moves, with a warning', async ({ engine, registry }) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const latest = `${agent.repositories.cache.main}:latest`;
  await putCache(registry.host, latest);
  const { result } = requireSuccess(await agent.build(MAIN, { clock }));
  expect(result.targets[0]?.promoted).toContainEqual(
    expect.objectContaining({ ref: `${registry.host}/${latest}`, action: 'move' }),
  );
  expect(result.warnings).toMatchObject([
    { code: 'promotion-unsure', message: expect.stringContaining('does not say its commit') },
  ]);
});
