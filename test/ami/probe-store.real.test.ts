import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { probeStore } from '../../src/ami/probe.ts';
import { writeWarmPlan } from '../../src/ami/warm/plan.ts';
import { findBuildx } from '../../src/bake/buildx-program.ts';
import { fillStore } from '../../src/ami/warm/store.ts';
import { openBuildServices } from '../../src/image-step/build-services.ts';
import { settingsOf } from '../bake/small-settings.ts';
import { type FixtureHost, openHost } from '../registry/fixture-host.ts';
import { startBridge } from '../../parts/bridge.ts';
import type { Engine } from '../../parts/engine.ts';
import type { Registry } from '../../parts/registry.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { test } from '../tiers/real.ts';
import { FAMILY } from './family.ts';
import { startFreshEngine } from '../../parts/fresh-engine.ts';
import { buildProject, layersFrom, TARGET, type WarmProject } from './warm/warm-project.ts';

let made: Promise<WarmProject> | undefined;

async function project(engine: Engine, registry: Registry): Promise<WarmProject> {
  return await (made ??= buildProject(engine, registry, 'ami-probe'));
}

afterAll(async () => await (await made)?.remove());

const FAMILY_HERE = { ...FAMILY, warm: { ...FAMILY.warm, target: TARGET, longestStepMs: 60_000 } };

/** An instance of an image: a store behind a socket, and a marker file. */
async function startInstance({ source, commit, artifact, config, cache }: WarmProject) {
  const fresh = await startFreshEngine();
  const bridge = await startBridge(fresh);
  const host: FixtureHost = await openHost({ env: fresh.env });
  await mkdir(host.scratch, { recursive: true });
  const marker = join(host.home, 'marker');
  const bakeConfig = join(host.home, 'bake-config.json');
  await writeFile(marker, `AMI_COMMIT=${commit}\n`);
  await writeFile(bakeConfig, artifact);
  const settings = settingsOf(`
repository: example.com/team/app
images: { registry: 127.0.0.1:1, trusted: image, untrusted: image-test }
cache: { registry: 127.0.0.1:1, trusted: cache, untrusted: cache-test }
bake: { files: [docker-bake.hcl], perCommit: [COMMIT] }
targets: { ${TARGET}: { target: test } }
builder: { socket: ${bridge.socket} }
marker: ${marker}
`);
  const services = await openBuildServices(host, settings, { offline: true });
  const docker = { env: fresh.env, buildx: await findBuildx(fresh.env) };
  return {
    marker,
    warm: async () => {
      const directory = join(host.home, 'filling');
      const plan = await writeWarmPlan({
        config,
        target: TARGET,
        source,
        directory,
        mark: 'image',
      });
      await fillStore(
        host,
        { address: bridge.address },
        { docker, plan, layers: layersFrom(cache), ...FAMILY_HERE.warm },
      );
      await fresh.restart();
    },
    probe: async (change: { readonly readLimitMs?: number } = {}) =>
      await probeStore({
        services: { ...services, docker: { ...services.docker, ...docker } },
        family: FAMILY_HERE,
        bakeConfig,
        source,
        ...change,
      }),
    stopBuildKit: async () => await bridge.stop(),
    async [Symbol.asyncDispose]() {
      await bridge.stop();
      await fresh.stop();
      await host[Symbol.asyncDispose]();
    },
  };
}

test('an instance whose store is warm proves it: a build without imports loads everything', async ({
  engine,
  registry,
  skip,
}) => {
  await using instance = await orSkip(startInstance(await project(engine, registry)), skip);
  await instance.warm();
  const answer = await instance.probe();
  expect(answer).toMatchObject({
    outcome: 'warm',
    because: expect.stringMatching(
      /^8 steps loaded in \d+ s, \d+ s after boot; all files of the target were read in \d+ s$/,
    ),
  });
  expect(answer.secondsToFirstHit).toBeGreaterThan(0);
  expect(answer.measured).toEqual({ firstBuild: expect.any(Number), readable: expect.any(Number) });
  // A cold disk ends neither the job nor the proof.
  expect(await instance.probe({ readLimitMs: 1 })).toMatchObject({
    outcome: 'warm',
    because: expect.stringMatching(/; not all files of the target could be read in 0 s$/),
    measured: { unreadAfter: 0 },
  });
});

test('an instance whose store is empty is cold, and says what it had to build', async ({
  engine,
  registry,
  skip,
}) => {
  await using instance = await orSkip(startInstance(await project(engine, registry)), skip);
  expect(await instance.probe()).toMatchObject({
    outcome: 'cold',
    because: expect.stringMatching(/^8 steps were executed: /),
  });
});

test('without a marker file, or without BuildKit, an instance is cold', async ({
  engine,
  registry,
  skip,
}) => {
  await using instance = await orSkip(startInstance(await project(engine, registry)), skip);
  await instance.stopBuildKit();
  expect((await instance.probe()).because).toMatch(/^BuildKit does not answer on /);
  await writeFile(instance.marker, 'AMI_BUILD_TIME=2026-08-21T11:00:00Z\n');
  expect((await instance.probe()).because).toMatch(/names no commit$/);
});
