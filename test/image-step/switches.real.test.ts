import { describe, expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { PROJECT_FILES } from '../../parts/ci-job/checkout.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { tagsOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

describe('a switch of one build', () => {
  test('bypass: one plain bake of the same definition, and no moving name', async ({ engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const { images, cache } = agent.repositories;
    const head = await agent.checkout.git('rev-parse', 'HEAD');
    const usual = await agent.plan(MAIN, '--offline');
    const bypass = { ...MAIN, WARMBAKE_BYPASS: '1' };
    expect((await agent.plan(bypass)).definition).toEqual(usual.definition);

    await agent.calls();
    const built = requireSuccess(await agent.build(bypass, { clock }));
    expect(built.stderr.split('\n').slice(0, 2)).toEqual([
      '--- What this build is',
      'switches bypass: one plain bake',
    ]);
    expect(built.result).toMatchObject({
      outcome: 'built',
      switches: { bypass: true },
      targets: [{ name: 'test-ci', bakeExitCode: 0, verified: [], promoted: [] }],
    });
    expect((await agent.calls()).filter((call) => call.includes('--progress='))).toEqual([
      expect.stringMatching(
        /^docker-buildx bake --builder=default --progress=plain -f \S+definition\.json test-ci$/,
      ),
    ]);
    for (const { main } of [images, cache]) expect(await tagsOf(registry.host, main)).toEqual([head]);

    const next = requireSuccess(await agent.build(MAIN, { clock }));
    expect(next.result.outcome).toBe('skipped');
    expect(await tagsOf(registry.host, images.main)).toEqual([head, 'latest']);
  });

  test('bypass: a build that fails is told in the words of bake', async ({ engine, registry }) => {
    const Dockerfile = `${PROJECT_FILES['Dockerfile'] ?? ''}RUN echo no such luck; exit 3\n`;
    await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile });
    const failed = await agent.build({ ...MAIN, WARMBAKE_BYPASS: '1' }, { clock });
    expect(failed.exitCode).toBe(6);
    expect(failed.stderr).toMatch(/^#\d+ [\d.]+ no such luck$/m);
    expect(failed.result.targets).toMatchObject([{ outcome: 'failed', bakeExitCode: 1 }]);
  });

  test('cache export off, then import off', async ({ engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const { images, cache } = agent.repositories;
    const head = await agent.checkout.git('rev-parse', 'HEAD');
    const first = await agent.build({ ...MAIN, WARMBAKE_CACHE_EXPORT: 'off' }, { clock });
    expect(first.result).toMatchObject({ outcome: 'built', switches: { cacheExport: 'off' }, warnings: [] });
    expect(await tagsOf(registry.host, images.main)).toEqual([head, 'latest']);
    expect(await tagsOf(registry.host, cache.main)).toEqual([]);

    const off = { ...MAIN, WARMBAKE_CACHE_IMPORT: 'off' };
    const second = await agent.build(off, { clock, args: ['--force'] });
    expect(second.result).toMatchObject({
      outcome: 'built',
      switches: { cacheImport: 'off' },
      planned: [{ cacheFrom: [] }],
    });
    expect(await tagsOf(registry.host, cache.main)).toEqual([head, 'latest']);
    expect((await agent.plan(off, '--force')).targets[0]?.cacheFrom).toEqual([]);
    expect((await agent.plan(MAIN, '--force')).targets[0]?.cacheFrom).not.toEqual([]);
  });

  test('another builder, which has to exist', async ({ engine }) => {
    await using agent = await makeAgent(engine.env, { images: '127.0.0.1:9' });
    const plan = await agent.plan({ ...MAIN, WARMBAKE_BUILDER: 'default' }, '--offline');
    expect(plan.builder).toMatchObject({ name: 'default', because: 'WARMBAKE_BUILDER names it' });
    const unknown = await agent.run(['plan', '--offline'], { ...MAIN, WARMBAKE_BUILDER: 'spare' }, { clock });
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      3,
      expect.stringContaining("WARMBAKE_BUILDER is 'spare', which is not a builder that can export caches"),
    ]);
  });

  test('sccache off changes its build arguments and is told', async ({ engine }) => {
    await using agent = await makeAgent(engine.env, { images: '127.0.0.1:9' });
    await agent.configure((same) => ({
      ...same,
      sccache: { enabled: true, bucket: 'some-bucket', region: 'us-west-2' },
    }));
    const plan = await agent.plan({ ...MAIN, WARMBAKE_SCCACHE: 'off' }, '--offline');
    expect(plan.definition.target['test-ci']?.['args']).toMatchObject({ USE_SCCACHE: '0' });
    expect(plan.warnings).toMatchObject([{ code: 'sccache-switched-off' }]);
  });

  test('nonsense is refused before anything is asked', async ({ engine }) => {
    await using agent = await makeAgent(engine.env, { images: '127.0.0.1:9' });
    const ran = await agent.run(['build'], { ...MAIN, WARMBAKE_CACHE_EXPORT: 'no' }, { clock });
    expect([ran.exitCode, ran.stderr]).toEqual([
      3,
      "error: WARMBAKE_CACHE_EXPORT is 'no'; it must be off or on\n",
    ]);
    expect(await agent.calls()).toEqual([]);
  });
});
