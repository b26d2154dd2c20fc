import { afterEach, describe, expect } from 'vitest';
import { test } from '../tiers/real.ts';
import { DOCKERFILE, type SmallJob, smallJob } from './small-job.ts';

const jobs: SmallJob[] = [];
afterEach(async () => {
  await Promise.all(jobs.splice(0).map(async (job) => await job.remove()));
});

/** A job that is removed after its test. */
async function startJob(...args: Parameters<typeof smallJob>): Promise<SmallJob> {
  const job = await smallJob(...args);
  jobs.push(job);
  return job;
}

/** The build record of a run with `--json`. */
function record(out: string): unknown {
  return JSON.parse(out);
}

describe('a switch of one build', () => {
  test('bypass: plain bake of the same definition, and no moving name', async ({ engine, registry }) => {
    const job = await startJob(engine, registry, { name: 'bypass' });
    const planned = await job.run(['plan', '--offline', '--json']);
    const built = await job.run(['build', '--json'], { WARMBAKE_BYPASS: '1' });
    expect(built.err.split('\n').slice(0, 2)).toEqual([
      '--- What this build is',
      'switches bypass: one plain bake',
    ]);
    expect(record(built.out)).toMatchObject({
      outcome: 'built',
      switches: { bypass: true },
      targets: [{ name: 'test-ci', bakeExitCode: 0, verified: [], promoted: [] }],
    });
    expect([await job.holds('images-main', job.commit), await job.holds('cache-main', job.commit)]).toEqual([
      200, 200,
    ]);
    expect([await job.holds('images-main', 'latest'), await job.holds('cache-main', 'latest')]).toEqual([
      404, 404,
    ]);
    const again = await job.run(['plan', '--json'], { WARMBAKE_BYPASS: '1' });
    expect(record(again.out)).toMatchObject({ targets: [{ skip: { decision: 'build' } }] });
    expect(record(again.out)).toHaveProperty('definition', Object(record(planned.out))['definition']);

    const next = await job.run(['build', '--json']);
    expect(record(next.out)).toMatchObject({ outcome: 'skipped' });
    expect(await job.holds('images-main', 'latest')).toBe(200);
  });

  test('bypass: a build that fails is told in the words of bake', async ({ engine, registry }) => {
    const job = await startJob(engine, registry, { name: 'bypass-fails' });
    await job.write('Dockerfile', `${DOCKERFILE}RUN echo no such luck; exit 3\n`);
    const ran = await job.run(['build', '--json'], { WARMBAKE_BYPASS: '1' });
    expect(ran.exitCode).toBe(6);
    expect(ran.err).toMatch(/^#\d+ [\d.]+ no such luck$/m);
    expect(record(ran.out)).toMatchObject({
      outcome: 'failed',
      targets: [{ outcome: 'failed', bakeExitCode: 1 }],
    });
  });

  test('cache export off, then import off', async ({ engine, registry }) => {
    const job = await startJob(engine, registry, { name: 'switched' });
    const first = await job.run(['build', '--json'], { WARMBAKE_CACHE_EXPORT: 'off' });
    expect(record(first.out)).toMatchObject({
      outcome: 'built',
      switches: { cacheExport: 'off' },
      warnings: [],
    });
    expect([await job.holds('images-main', 'latest'), await job.holds('cache-main', job.commit)]).toEqual([
      200, 404,
    ]);
    const second = await job.run(['build', '--json', '--force'], { WARMBAKE_CACHE_IMPORT: 'off' });
    expect(record(second.out)).toMatchObject({
      outcome: 'built',
      switches: { cacheImport: 'off' },
      planned: [{ cacheFrom: [] }],
    });
    expect(await job.holds('cache-main', 'latest')).toBe(200);
  });

  test('another builder, which has to exist', async ({ engine, registry }) => {
    const job = await startJob(engine, registry, { name: 'builder' });
    const named = await job.run(['plan', '--json', '--offline'], { WARMBAKE_BUILDER: 'default' });
    expect(record(named.out)).toMatchObject({
      switches: { builder: 'default' },
      builder: { name: 'default', because: 'WARMBAKE_BUILDER names it' },
    });
    const unknown = await job.run(['build'], { WARMBAKE_BUILDER: 'spare' });
    expect(unknown.exitCode).toBe(3);
    expect(unknown.err).toContain("WARMBAKE_BUILDER is 'spare', which is no builder that can export caches");
  });

  test('nonsense is refused before anything is built', async ({ engine, registry }) => {
    const job = await startJob(engine, registry, { name: 'nonsense' });
    const ran = await job.run(['build'], { WARMBAKE_CACHE_EXPORT: 'no' });
    expect([ran.exitCode, ran.err]).toEqual([
      3,
      "error: WARMBAKE_CACHE_EXPORT is 'no'; it must be off or on",
    ]);
  });
});
