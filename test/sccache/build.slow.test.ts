import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { prepareAccess } from '../../src/sccache/access.ts';
import { sccacheLine } from '../../src/sccache/report.ts';
import { sccacheWarnings, startFailureOf } from '../../src/sccache/warnings.ts';
import { type BuildSecret, writeSecret } from '../../src/sccache/secret.ts';
import { openHost } from '../registry/fixture-host.ts';
import { findParts } from '../../parts/find.ts';
import { findMoto } from '../../parts/moto/server.ts';
import type { Part } from '../../parts/part.ts';
import { test as real } from '../tiers/real.ts';
import { type CompileProject, openCompileProject } from './compile-project.ts';
import { type MotoStore, startMotoStore, useAws } from './moto-store.ts';
import { fullSettingsOf } from './settings.ts';

const parts = await findParts(process.env);
const moto = await findMoto(process.env);

function have(part: Part<string>, skip: (because: string) => never): string {
  if (part.state === 'here') return part.value;
  if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1') throw new Error(part.because);
  return skip(part.because);
}

const test = real.extend<{
  readonly local: CompileProject;
  readonly remote: CompileProject;
  readonly store: MotoStore;
}>({
  /** With the distribution's sccache, that has no S3 support. */
  local: async ({ engine, skip }, use) => {
    const compiler = have(parts.compiler, skip);
    await using project = await openCompileProject({
      engine,
      compiler,
      sccache: `${compiler}/usr/bin/sccache`,
    });
    await use(project);
  },
  /** With an sccache that has it, and a way to `store`. */
  remote: async ({ engine, skip }, use) => {
    const tools = { compiler: have(parts.compiler, skip), sccache: have(parts.sccache, skip) };
    await using project = await openCompileProject({ engine, ...tools, hostNetwork: true });
    await use(project);
  },
  store: async ({ skip }, use) => {
    have(moto, skip);
    const store = await startMotoStore();
    await use(store);
    await store.stop();
  },
});

describe('a Dockerfile that compiles', () => {
  test('gets arguments that follow from the configuration, and the credentials as a file, never as an argument', async ({
    local,
  }) => {
    await using host = await openHost();
    const settings = fullSettingsOf({ bucket: 'store', prefix: 'ci/app', secret: 'aws-credentials' });
    const key = randomUUID();
    const secretFor = async (secretAccessKey: string): Promise<BuildSecret> =>
      await writeSecret(
        { accessKeyId: 'AKIAEXAMPLE', secretAccessKey },
        { id: 'aws-credentials', scratch: host.scratch },
      );
    const again = randomUUID();
    const { output, run } = await local.bake({
      settings,
      stage: 'shown',
      again,
      secret: await secretFor(key),
    });
    expect(output).toEqual(
      expect.arrayContaining([
        'SCCACHE_BUCKET=store',
        'SCCACHE_REGION=us-west-2',
        expect.stringMatching(/^secret 400 \d+ bytes$/),
      ]),
    );
    expect(JSON.stringify([output, run.record])).not.toContain(key);
    const other = await local.bake({
      settings,
      stage: 'shown',
      again,
      secret: await secretFor(randomUUID()),
    });
    expect(other.run.record.totals.executed).toBe(0);
  });

  test('with an sccache that has no S3 support is warned of its local disk by name', async ({ local }) => {
    const settings = fullSettingsOf({ bucket: 'store' });
    const { summary } = await local.bake({ settings, stage: 'cc', again: randomUUID() });
    expect(sccacheLine(summary)).toMatch(
      /33\.3 % hits \(1 of 3; misses: C\/C\+\+ 2\).*Local disk: "\/root\/\.cache\/sccache"/,
    );
    expect(sccacheWarnings(summary, settings.sccache!).map(({ code }) => code)).toEqual([
      'sccache-local-disk',
    ]);
  });

  test('says that its statistics were clipped where BuildKit dropped them', async ({ local }) => {
    const settings = fullSettingsOf({ bucket: 'store' });
    const { summary, run } = await local.bake({ settings, stage: 'noisy', again: randomUUID() });
    expect(run.exitCode).toBe(0);
    expect(sccacheLine(summary)).toMatch(/^sccache {2}clipped/);
  });

  test('shares its compilations through S3: cold, then all hits, then not run at all', async ({
    remote,
    store,
  }) => {
    await using host = await openHost();
    useAws(host.home);
    await store.createBucket('store');
    const section = {
      bucket: 'store',
      prefix: 'ci/app',
      endpoint: store.endpoint,
      secret: 'aws-credentials',
    };
    const settings = fullSettingsOf(section);
    const { secret, warnings } = await prepareAccess(host, settings.sccache, { trusted: true });
    expect(warnings).toEqual([]);
    const bake = async (again: string) => {
      const { summary, run } = await remote.bake({
        settings,
        stage: 'cc',
        again,
        ...(secret === undefined ? {} : { secret }),
      });
      expect(run.failure).toBeUndefined();
      expect(sccacheWarnings(summary, settings.sccache!)).toEqual([]);
      return sccacheLine(summary);
    };
    const [first, second] = [randomUUID(), randomUUID()];
    expect(await bake(first)).toMatch(
      /33\.3 % hits \(1 of 3; misses: C\/C\+\+ 2\).*s3, name: store, prefix: \/ci\/app\/$/,
    );
    expect(await bake(second)).toMatch(/100\.0 % hits \(3 of 3\)/);
    expect(await bake(second)).toBe('sccache  not run (layer cached)');
  });

  test('without rights fails in a class of its own, with the cause', async ({ remote, store }) => {
    await store.createBucket('store');
    const settings = fullSettingsOf({ bucket: 'store', endpoint: store.endpoint, secret: 'aws-credentials' });
    const { summary, run } = await remote.bake({ settings, stage: 'cc', again: randomUUID() });
    expect(run.failure?.class).toBe('compile');
    expect(startFailureOf(summary, run.failure?.step?.name ?? '')).toEqual({
      message: expect.stringContaining('(no-credentials)'),
      hint: expect.stringContaining('sccache.secret'),
    });
  });
});
