import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { bakeStages } from '../../../src/ami/warm/bake.ts';
import type { DockerEnvironment } from '../../../src/bake/builder-facts.ts';
import { AS_JUDGED } from '../../../src/bake/buildx.ts';
import { findBuildx } from '../../../src/bake/buildx-program.ts';
import { WARM_TARGET } from '../../../src/ami/warm/definition.ts';
import { writeWarmPlan, type WarmPlan } from '../../../src/ami/warm/plan.ts';
import { fillAllFurther, proveAllFurther } from '../../../src/ami/warm/further-store.ts';
import { fillStore, proveStore } from '../../../src/ami/warm/store.ts';
import type { TimedUse } from '../../../src/ami/warm/warmth.ts';
import { type FixtureHost, openHost } from '../../registry/fixture-host.ts';
import { startBridge } from '../../../parts/bridge.ts';
import { startBuildkitd } from '../../../parts/buildkitd.ts';
import type { Engine } from '../../../parts/engine.ts';
import type { Registry } from '../../../parts/registry.ts';
import { orSkip } from '../../tiers/or-skip.ts';
import { test } from '../../tiers/real.ts';
import { startFreshEngine } from '../../../parts/fresh-engine.ts';
import { buildProject, layersFrom, TARGET, type WarmProject } from './warm-project.ts';

/** One project for all tests of this file: only the stores differ. */
let made: Promise<WarmProject> | undefined;

async function project(engine: Engine, registry: Registry): Promise<WarmProject> {
  return await (made ??= buildProject(engine, registry, 'ami-warm'));
}

afterAll(async () => {
  await (await made)?.remove();
});

/** BuildKit of a machine image in the making: that of an engine behind a bridge, or a standalone one. */
const STORES = ["the engine's BuildKit", 'the newest buildkitd by itself'] as const;

/** A machine image in the making: an empty store behind a BuildKit address. */
interface Instance extends AsyncDisposable {
  readonly host: FixtureHost;
  readonly store: { readonly address: string };
  readonly options: { readonly docker: Pick<DockerEnvironment, 'env' | 'buildx'> };
  restart(): Promise<void>;
  /** Loses the layers that came from a cache; what the warm build made itself stays. */
  loseImported(): Promise<void>;
}

const IMPORTED = 'description~=imported';

async function instance(kind: (typeof STORES)[number]): Promise<Instance> {
  const machine = kind === "the engine's BuildKit" ? await engineBehindBridge() : await standalone();
  const host = await openHost({ env: machine.env });
  return {
    ...machine,
    host,
    store: { address: machine.address },
    options: { docker: { env: machine.env, buildx: await findBuildx(machine.env) } },
    async [Symbol.asyncDispose]() {
      await machine.stop();
      await host[Symbol.asyncDispose]();
    },
  };
}

async function engineBehindBridge() {
  const fresh = await startFreshEngine();
  const bridge = await startBridge(fresh);
  const { env } = fresh;
  return {
    env,
    address: bridge.address,
    restart: async () => await fresh.restart(),
    loseImported: async () => {
      const prune = ['buildx', 'prune', '--builder', 'default', '--force', '--filter', IMPORTED];
      await execa('docker', prune, { env, extendEnv: false });
    },
    stop: async () => {
      await bridge.stop();
      await fresh.stop();
    },
  };
}

async function standalone() {
  const buildkitd = await startBuildkitd();
  return {
    ...buildkitd,
    loseImported: async () => void (await buildkitd.buildctl('prune', '--filter', IMPORTED)),
  };
}

const BAR = { longestStepMs: 60_000, minimumBytes: 10_000_000 };
const NO_USE: TimedUse = {
  use: { executed: 0, loaded: 0, executedSteps: [], pulledLayers: 0, pulledBytes: 0 },
  seconds: 0,
};

async function planFor({ host }: Instance, { source, config }: WarmProject): Promise<WarmPlan> {
  const directory = join(host.scratch, 'warm');
  return await writeWarmPlan({ config, target: TARGET, source, directory, mark: 'test' });
}

/** What fills a store with the layers of one cache. */
function fillingOf({ cache }: Pick<WarmProject, 'cache'>) {
  return { target: TARGET, layers: layersFrom(cache) };
}

/** The same build as the reference warmed with: the target itself, exported nowhere. */
async function cacheOnly(on: Instance, plan: WarmPlan): Promise<string> {
  const definition = JSON.parse(await readFile(plan.filling, 'utf8')) as {
    target: Record<string, Record<string, unknown>>;
  };
  const target = { ...definition.target[WARM_TARGET], target: 'test', output: ['type=cacheonly'] };
  const file = join(on.host.scratch, 'cache-only.json');
  await writeFile(file, JSON.stringify({ target: { [WARM_TARGET]: target } }));
  return file;
}

describe.each(STORES)('%s', (kind) => {
  test('a store is warm once every stage was built: without imports nothing is executed and nothing is pulled', async ({
    engine,
    registry,
    skip,
  }) => {
    const { source, ...rest } = await project(engine, registry);
    await using on = await orSkip(instance(kind), skip);
    const plan = await planFor(on, { source, ...rest });
    expect(plan.stages).toEqual(['base', 'dependencies', 'tools', 'build', 'test']);
    const options = { ...on.options, ...BAR, plan };

    const warmed = await fillStore(on.host, on.store, { ...options, ...fillingOf(rest) });
    expect(warmed.use).toMatchObject({ executed: 0, loaded: 8 });
    expect(warmed.use.pulledBytes).toBeGreaterThan(5_000_000);
    await on.restart();
    const warmth = await proveStore(on.host, warmed, options);
    expect(warmth.proved.loaded).toBe(8);
    expect(warmth.bytes).toBeGreaterThan(10_000_000);

    // What a pull request does: it edits the sources and builds on this image.
    const file = join(source, 'source', 'main');
    const before = await readFile(file, 'utf8');
    await writeFile(file, `edited ${Math.random()}\n`);
    const call = { file: plan.proving, builder: 'warmbake-warm', cwd: source, allow: [] };
    const env = {
      ...on.options.docker.env,
      BUILDX_CONFIG: join(on.host.scratch, 'warm-buildx'),
      ...AS_JUDGED,
    };
    const { use } = await bakeStages(on.host, { ...call, ...on.options.docker, env }, BAR);
    await writeFile(file, before);
    expect(use.pulledLayers).toBe(0);
    expect(use.executedSteps.map((name) => name.slice(0, 20)).toSorted()).toEqual([
      '[build 2/3] COPY sou',
      '[build 3/3] RUN --ne',
      '[test 1/2] COPY --fr',
      '[test 2/2] RUN --net',
    ]);
  });

  test('the other targets of the trusted build are warm too; one whose layers are in no cache is a warning, and the image stands', async ({
    engine,
    registry,
    skip,
  }) => {
    const { source, config, cache } = await project(engine, registry);
    await using on = await orSkip(instance(kind), skip);
    const stage = (target: string) => ({ ...config.targets[TARGET], target });
    const targets = { small: stage('dependencies'), [TARGET]: stage('test'), slow: stage('never') };
    const planOf = async (target: keyof typeof targets) => {
      const directory = join(on.host.scratch, target);
      const inputs = { config: { targets }, source, directory, mark: target };
      return await writeWarmPlan({ ...inputs, target });
    };
    const [judged, whole, slow] = [await planOf('small'), await planOf(TARGET), await planOf('slow')];
    const options = { ...on.options, ...BAR, longestStepMs: 5_000, minimumBytes: 1_000_000 };
    const layers = layersFrom(cache, Object.keys(targets));

    const warmed = await fillStore(on.host, on.store, { ...options, target: 'small', plan: judged, layers });
    const further = [
      { target: 'slow', plan: slow },
      { target: TARGET, plan: whole },
    ];
    const filled = await fillAllFurther(on.host, { further, layers, options });
    expect(on.host.warnings.map(({ code, message }) => `${code}: ${message.slice(0, 60)}`)).toEqual([
      expect.stringMatching(/^target-not-warm: 'slow' is not warm on this image: '\[never 1\/1\]/),
    ]);
    expect(filled).toMatchObject([{ target: TARGET, warmed: { use: { executed: 0, loaded: 8 } } }]);

    await on.restart();
    const { proved } = await proveStore(on.host, warmed, { ...options, plan: judged });
    expect(proved.loaded).toBe(2);
    await proveAllFurther(on.host, { filled, options });
    expect(on.host.warnings).toHaveLength(1);
  });

  test('a warm build to cache only stores nothing and fails the proof (incident f8e5567: an image with 48 kB)', async ({
    engine,
    registry,
    skip,
  }) => {
    const { source, cache, ...rest } = await project(engine, registry);
    await using on = await orSkip(instance(kind), skip);
    const plan = await planFor(on, { source, cache, ...rest });
    const options = { ...on.options, ...BAR, plan };
    await fillStore(on.host, on.store, {
      ...options,
      ...fillingOf({ cache }),
      plan: { ...plan, filling: await cacheOnly(on, plan) },
    });
    await on.restart();
    await expect(proveStore(on.host, NO_USE, options)).rejects.toThrow(
      /^the store is not warm: \d steps were executed without imports: .*; 1 layers were pulled/,
    );
  });

  test('a stage that was left out fails the proof and is named', async ({ engine, registry, skip }) => {
    const { source, ...rest } = await project(engine, registry);
    await using on = await orSkip(instance(kind), skip);
    const plan = await planFor(on, { source, ...rest });
    const options = { ...on.options, ...BAR, plan };
    const dockerfile = join(on.host.scratch, 'warm', 'filling.Dockerfile');
    const all = await readFile(dockerfile, 'utf8');
    await writeFile(dockerfile, all.replace(/COPY --from=tools .*\n/, ''));
    const warmed = await fillStore(on.host, on.store, { ...options, ...fillingOf(rest) });
    await on.restart();
    await expect(proveStore(on.host, warmed, options)).rejects.toThrow(
      /not warm: 1 steps were executed without imports: \[tools 1\/1\]/,
    );
  });

  test('layers that got lost after the warming fail the proof, though the result of the warm build is still there', async ({
    engine,
    registry,
    skip,
  }) => {
    const { source, ...rest } = await project(engine, registry);
    await using on = await orSkip(instance(kind), skip);
    const options = { ...on.options, ...BAR, plan: await planFor(on, { source, ...rest }) };
    const warmed = await fillStore(on.host, on.store, { ...options, ...fillingOf(rest) });
    await on.loseImported();
    await on.restart();
    await expect(proveStore(on.host, warmed, options)).rejects.toThrow(
      /not warm: 8 steps were executed without imports: .*\[dependencies 1\/1\]/,
    );
  });

  test('B-33: a step that works longer than the limit ends the warm build: the cache was missed', async ({
    engine,
    registry,
    skip,
  }) => {
    const { source, config, ...rest } = await project(engine, registry);
    await using on = await orSkip(instance(kind), skip);
    const slow = { targets: { [TARGET]: { ...config.targets[TARGET], target: 'never' } } };
    const plan = await planFor(on, { source, config: slow, ...rest });
    const begun = Date.now();
    await expect(
      fillStore(on.host, on.store, { ...on.options, ...BAR, ...fillingOf(rest), longestStepMs: 2000, plan }),
    ).rejects.toThrow(
      /'\[never 1\/1\] RUN .*sleep 1000' has been running for [23] s: its layer is not in the trusted caches/,
    );
    expect(Date.now() - begun).toBeLessThan(20_000);
  });
});
