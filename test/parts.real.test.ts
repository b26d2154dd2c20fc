import { execa, type Options } from 'execa';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, vi } from 'vitest';
import { BASE_IMAGE } from '../parts/base-image.ts';
import { startBridge } from '../parts/bridge.ts';
import { startFaults, type Fault } from '../parts/faults.ts';
import { REGISTRY_LOGIN, startRegistry } from '../parts/registry.ts';
import { test } from './tiers/real.ts';

let context = '';

beforeEach(async () => {
  context = await mkdtemp(join(tmpdir(), 'warmbake-parts-'));
  // The name of a fresh folder makes the step a new one: nothing of an earlier run is cached.
  await writeFile(join(context, 'Dockerfile'), `FROM ${BASE_IMAGE}\nRUN echo ${context} > /built\n`);
});
afterEach(async () => {
  await rm(context, { recursive: true, force: true });
});

async function docker(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
  const options = { env, extendEnv: false, all: true, timeout: 15_000 } as const satisfies Options;
  return (await execa('docker', args, options)).all;
}

/** A build in `context` with plain progress. */
async function build(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
  return await docker(env, 'buildx', 'build', '--progress=plain', ...args, context);
}

describe('the engine', () => {
  test('builds on the base image, pushes, and exports a cache that the next build can import', async ({
    engine,
    registry,
  }) => {
    const cache = `${registry.host}/parts/cache:main`;
    await build(
      engine.env,
      '--push',
      '-t',
      `${registry.host}/parts/app:1`,
      '--cache-to',
      `type=registry,ref=${cache},mode=max`,
    );
    expect(await build(engine.env, '--cache-from', cache)).toMatch(
      /importing cache manifest from .*parts\/cache:main[^]*CACHED/,
    );
  });

  test('builds with the oldest supported buildx', async ({ engine, oldBuildx }) => {
    expect(await docker(oldBuildx.env, 'buildx', 'version')).toContain(oldBuildx.version);
    expect(oldBuildx.version).not.toBe(engine.buildx[0].version);
    expect(await build(oldBuildx.env)).toContain('exporting to image');
  });

  test('leads docker nowhere near the settings of the user', async ({ engine }) => {
    const { HOME = '', DOCKER_CONFIG = '' } = engine.env;
    expect(HOME.startsWith(tmpdir())).toBe(true);
    expect(dirname(DOCKER_CONFIG)).toBe(HOME);
    expect(Object.keys(engine.env).sort()).toEqual(['DOCKER_CONFIG', 'DOCKER_HOST', 'HOME', 'LANG', 'PATH']);
  });
});

test('the bridge is a BuildKit that the remote driver builds through', async ({ engine }) => {
  const bridge = await startBridge(engine);
  try {
    await docker(
      engine.env,
      'buildx',
      'create',
      '--name',
      'parts-bridge',
      '--driver',
      'remote',
      bridge.address,
    );
    expect(await build(engine.env, '--builder', 'parts-bridge', '--output', 'type=cacheonly')).toContain(
      'DONE',
    );
  } finally {
    await bridge.stop();
  }
  expect(existsSync(bridge.socket)).toBe(false);
});

test('a locked registry opens for its login only', async ({ registry }) => {
  const locked = await startRegistry({ locked: true });
  const ask = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`http://${locked.host}/v2/`, { headers })).status;
  const login = Buffer.from(`${REGISTRY_LOGIN.username}:${REGISTRY_LOGIN.password}`).toString('base64');
  try {
    expect(locked.host).not.toBe(registry.host);
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: `Basic ${login}` })).toBe(200);
  } finally {
    await locked.stop();
  }
});

describe('the fault proxy', () => {
  const outcome: readonly (readonly [string, Fault, string])[] = [
    ['an answer of its own', { kind: 'answer', status: 429, body: 'slow down' }, '429 slow down'],
    ['a late answer', { kind: 'delay', milliseconds: 50 }, '200 {}'],
    ['half an answer', { kind: 'cut', bytes: 1 }, 'terminated'],
    ['a broken connection', { kind: 'reset' }, 'fetch failed'],
    ['silence', { kind: 'hang' }, 'The operation was aborted due to timeout'],
  ];

  async function ask(url: string): Promise<string> {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(500) });
      return `${response.status} ${await response.text()}`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  test.for(outcome)('can give %s', async ([, fault, expected], { registry }) => {
    const faults = await startFaults(registry.host);
    const url = `http://${faults.host}/v2/`;
    try {
      faults.set([{ on: ({ path }) => path === '/v2/', fault, times: 1 }]);
      expect(await ask(url)).toBe(expected);
      expect(await ask(url), 'the rule is used up').toBe('200 {}');
      expect(faults.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'GET /v2/',
        'GET /v2/',
      ]);
    } finally {
      await faults.stop();
    }
  });

  test('lets a whole push through, and a push fail that it refuses', async ({ engine, registry }) => {
    const faults = await startFaults(registry.host);
    const push = ['--push', '-t', `${faults.host}/parts/through:1`];
    try {
      await build(engine.env, ...push);
      expect(faults.requests).toContainEqual({
        method: 'PUT',
        path: '/v2/parts/through/manifests/1',
        status: 201,
      });
      faults.set([{ on: ({ method }) => method === 'PUT', fault: { kind: 'answer', status: 403 } }]);
      await expect(build(engine.env, '--no-cache', ...push)).rejects.toThrow(/403/);
    } finally {
      await faults.stop();
    }
  });
});

/** The arguments of every process there is. */
async function commandLines(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).join('\n');
}

test('nothing survives the sudden death of the process that started engine and registry', async ({
  engine,
  registry,
}) => {
  const script = `import('vite').then((vite) => vite.runnerImport('parts/hold.ts')).then(({ module }) => module.hold())`;
  const holder = execa(process.execPath, ['-e', script], { reject: false, buffer: false });
  const [line] = (await once(holder.stdout, 'data')) as [Buffer];
  const held = JSON.parse(line.toString()) as { readonly dockerHost: string; readonly registry: string };
  const answers = (): Promise<boolean> =>
    fetch(`http://${held.registry}/v2/`).then(
      () => true,
      () => false,
    );
  expect(await answers()).toBe(true);
  expect(held.registry).not.toBe(registry.host);
  expect(held.dockerHost === engine.dockerHost).toBe(!engine.owned);

  holder.kill('SIGKILL');
  await vi.waitUntil(async () => !(await answers()), { timeout: 10_000 });
  if (!engine.owned) return;
  const folder = dirname(held.dockerHost.replace('unix://', ''));
  await vi.waitUntil(() => !existsSync(folder), { timeout: 10_000 });
  expect(await readFile('/proc/mounts', 'utf8')).not.toContain(folder);
  expect(await commandLines()).not.toContain(folder);
});
