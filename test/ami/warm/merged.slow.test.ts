import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { expect } from 'vitest';
import { findTargetCaches } from '../../../src/ami/warm/donor.ts';
import { warmLayers } from '../../../src/ami/warm/layers.ts';
import { writeWarmPlan } from '../../../src/ami/warm/plan.ts';
import { fillStore, proveStore } from '../../../src/ami/warm/store.ts';
import { openTunnelledGateway } from '../../../src/ami/warm/tunnelled-gateway.ts';
import { findBuildx } from '../../../src/bake/buildx-program.ts';
import type { TargetSettings } from '../../../src/config/settings.ts';
import type { CommitSha } from '../../../src/ci/commit-sha.ts';
import type { Event } from '../../../src/platform/events.ts';
import { createRegistry } from '../../../src/registry/registry.ts';
import { BASE_IMAGE } from '../../../parts/base-image.ts';
import { startBridge } from '../../../parts/bridge.ts';
import type { Engine } from '../../../parts/engine.ts';
import { type FreshEngine, startFreshEngine } from '../../../parts/fresh-engine.ts';
import type { Registry } from '../../../parts/registry.ts';
import { credentialsOf, openHost } from '../../registry/fixture-host.ts';
import { orSkip } from '../../tiers/or-skip.ts';
import { test } from '../../tiers/real.ts';

/** Ordinary COPY: each of its layers stands on all layers below. */
const DOCKERFILE = `FROM BASE AS base
RUN --network=none head -c 1000000 /dev/zero > /base
FROM base AS dependencies
COPY requirements /requirements
RUN --network=none cat /requirements /base > /dependencies
FROM base AS assets
COPY assets /assets
RUN --network=none cat /assets /base > /packed
FROM base AS app
COPY --from=dependencies /dependencies /dependencies
COPY source /source
RUN --network=none cat /source /dependencies > /app
FROM app AS test
COPY --from=assets /packed /packed
RUN --network=none wc -c /app /packed > /count
`;
const COMMIT = 'c'.repeat(40) as CommitSha;
const TARGETS = ['app', 'test'].map((name) => ({ name, lane: name === 'test' ? '' : name }));

/** What is on top of the new sources, and joins what lies in two caches. */
const UNKNOWN = [
  '[app 2/3] COPY source ',
  '[app 3/3] RUN cat /sou',
  '[test 1/2] COPY --from',
  '[test 2/2] RUN wc -c /',
];

type Sources = Readonly<Record<'requirements' | 'assets' | 'source', string>>;
const NEW: Sources = { requirements: 'new', assets: 'new', source: 'new' };

/** Main's commit has new requirements, main's latest new assets, and nobody has the sources. */
async function project(engine: Engine, registry: Registry, name: string) {
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-merged-'));
  const base = `${registry.host}/${name}/base:1`;
  const docker = async (...argv: readonly string[]) =>
    await execa('docker', argv, { cwd: directory, env: engine.env, extendEnv: false });
  await docker('tag', BASE_IMAGE, base);
  await docker('push', '--quiet', base);
  await writeFile(join(directory, 'Dockerfile'), DOCKERFILE.replace('BASE', base));
  const write = async (sources: Sources): Promise<void> => {
    for (const [file, text] of Object.entries(sources))
      await writeFile(join(directory, file), `${name} ${text}`);
  };
  const path = `${name}/cache`;
  const build = async (tag: string, sources: Partial<Sources>): Promise<void> => {
    await write({ requirements: 'old', assets: 'old', source: tag, ...sources });
    const to = `type=registry,ref=${registry.host}/${path}:${tag},mode=max`;
    await docker('buildx', 'build', '--target=test', '--output=type=cacheonly', `--cache-to=${to}`, '.');
  };
  await build(COMMIT, { requirements: 'new' });
  await build('latest', { assets: 'new' });
  await write(NEW);
  return {
    directory,
    trusted: { host: registry.host, path },
    remove: async () => await rm(directory, { recursive: true, force: true }),
  };
}

/** What Packer's reverse tunnel does. */
async function forward(tunnel: string): Promise<() => Promise<void>> {
  const [there, , here] = tunnel.split(':').map(Number);
  const server = createServer(
    (from) => void pipeline(from, connect(here!, '127.0.0.1'), from, () => undefined),
  );
  await new Promise<void>((resolve) => server.listen(there, '127.0.0.1', resolve));
  return async () => {
    await Promise.resolve(server.close());
  };
}

interface Filled {
  readonly executed: readonly string[];
  readonly warnings: readonly string[];
  readonly shares: readonly { readonly donor: string; readonly layers: number }[];
  /** Everything that was told. */
  readonly told: string;
  readonly secret: string;
}

/**
 * Forgets the builds, as the last script on a machine image does. What is left of the gateway is the note beside each layer where it came
 * from: BuildKit cannot be told not to write it, and that address was good for one run.
 */
async function forget({ directory, env }: FreshEngine, secret: string): Promise<void> {
  const history = async (...argv: readonly string[]): Promise<string> =>
    (await execa('docker', ['buildx', 'history', ...argv], { env, extendEnv: false })).stdout;
  // A line for each below the heads of the columns.
  const records = async (): Promise<number> => (await history('ls')).split('\n').length - 1;
  expect(await records()).toBeGreaterThan(1);
  await history('rm', '--all');
  expect(await records()).toBe(0);
  const left = async (): Promise<readonly string[]> => {
    const found = await execa('grep', ['-rlF', secret, join(directory, 'data')], { reject: false });
    return found.stdout.split('\n').filter((file) => !/\/(?:history_c8d|metadata_v2)\.db$|^$/.test(file));
  };
  // What the records pointed to goes a moment later.
  await expect.poll(left).toEqual([]);
}

/** Fills an empty store for the target `test` (`tunnelled`: the way to the gateway is there), and proves it. */
async function fill(
  { directory, trusted }: Awaited<ReturnType<typeof project>>,
  { tunnelled }: { readonly tunnelled: boolean },
): Promise<Filled> {
  const fresh = await startFreshEngine();
  const bridge = await startBridge(fresh);
  const fixture = await openHost({ env: fresh.env });
  const events: Event[] = [];
  const host = { ...fixture, emit: (event: Event) => void events.push(event) };
  const stops = [bridge.stop, fresh.stop, async () => await fixture[Symbol.asyncDispose]()];
  try {
    const registry = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
    const targets = TARGETS as unknown as readonly TargetSettings[];
    const caches = await findTargetCaches(host, registry, {
      cache: { trusted, untrusted: trusted },
      commit: COMMIT,
      targets,
    });
    const gateway = await openTunnelledGateway(host, registry, caches);
    const layers = warmLayers(host, caches, gateway);
    if (tunnelled) stops.unshift(await forward(layers.tunnels[0] ?? ''));
    const [, secret = ''] = layers.of('test').cacheFrom[0]?.split('/') ?? [];
    const plan = await writeWarmPlan({
      config: { targets: { test: { target: 'test' } } },
      target: 'test',
      source: directory,
      directory: join(host.scratch, 'warm'),
      mark: 'merged',
    });
    const options = {
      docker: { env: fresh.env, buildx: await findBuildx(fresh.env) },
      longestStepMs: 60_000,
      minimumBytes: 1,
    };
    const warmed = await fillStore(host, bridge, { ...options, target: 'test', plan, layers });
    await layers.close();
    await fresh.restart();
    await proveStore(host, warmed, { ...options, plan });
    if (tunnelled) {
      await forget(fresh, secret);
      await fresh.restart();
      await proveStore(host, warmed, { ...options, plan });
    }
    const shares = layers.shares().map((share) => ({ donor: share.donor, layers: share.layers.length }));
    const left = await execa('grep', ['-rlF', secret, host.scratch], { reject: false });
    expect(left.stdout).toBe('');
    return {
      executed: warmed.use.executedSteps
        .map((name) => name.replace(' --network=none', '').slice(0, 22))
        .toSorted(),
      warnings: events.flatMap((event) => (event.type === 'warning' ? [event.warning.message] : [])),
      shares,
      told: JSON.stringify(events),
      secret,
    };
  } finally {
    for (const stop of stops) await stop();
  }
}

test('a store is filled from what main has in two caches, through a tunnel: only what nobody has is executed, each time', async ({
  engine,
  registry,
  skip,
}) => {
  const made = await project(engine, registry, `merged-${Date.now()}`);
  try {
    for (let i = 0; i < 3; i += 1) {
      const filled = await orSkip(fill(made, { tunnelled: true }), skip);
      expect(filled.executed).toEqual(UNKNOWN);
      expect(filled.warnings).toEqual([]);
      expect(filled.shares.map(({ layers }) => layers > 0)).toEqual([true, true]);
      expect(filled.secret).toMatch(/^[0-9a-f]{32}$/);
      expect(filled.told).not.toContain(filled.secret);
    }
  } finally {
    await made.remove();
  }
});

test('where the tunnel is not there, the store is filled from the closest cache alone, and a warning says so', async ({
  engine,
  registry,
  skip,
}) => {
  const made = await project(engine, registry, `alone-${Date.now()}`);
  try {
    const filled = await orSkip(fill(made, { tunnelled: false }), skip);
    expect(filled.executed).toEqual(
      [...UNKNOWN, '[assets 1/2] COPY asse', '[assets 2/2] RUN cat /'].toSorted(),
    );
    expect(filled.warnings).toEqual([
      expect.stringMatching(
        /^the merged cache cannot be imported.*; each target is warmed from its closest cache alone$/,
      ),
    ]);
    expect(filled.shares).toEqual(filled.shares.map(({ donor }) => ({ donor, layers: 0 })));
    expect(filled.told).not.toContain(filled.secret);
  } finally {
    await made.remove();
  }
});
