import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, vi } from 'vitest';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { test } from '../tiers/real.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest, type Variables } from '../../parts/ci-job/variables.ts';
import { startWarmbake } from '../../parts/ci-job/warmbake.ts';
import { makeChainAgent } from './chain-agent.ts';
import { manifestOf } from './registry-content.ts';

const INT = { signal: 'SIGINT', exitCode: 130 } as const;
const TERM = { signal: 'SIGTERM', exitCode: 143 } as const;

/** Command lines of the processes of this machine, or of those whose environment leads to the agent's folder. */
async function commandLines(agent?: Agent): Promise<readonly string[]> {
  const read = async (file: string): Promise<string> => await readFile(file, 'utf8').catch(() => '');
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = ids.map(async (id) => {
    const ours =
      agent === undefined || (await read(`/proc/${id}/environ`)).includes(agent.checkout.directory);
    return ours ? (await read(`/proc/${id}/cmdline`)).replaceAll('\0', ' ') : '';
  });
  return (await Promise.all(lines)).filter((line) => line !== '');
}

/** Starts a build, sends a signal as soon as `when`, and expects the end: soon, with this exit code, and nothing left. */
async function interrupt(
  agent: Agent,
  { signal, exitCode, variables = MAIN }: (typeof INT | typeof TERM) & { readonly variables?: Variables },
  when: (stderr: () => string) => boolean | Promise<boolean>,
): Promise<void> {
  const build = startWarmbake(await agent.job(['build'], variables));
  let stderr = '';
  build.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  await vi.waitUntil(async () => await when(() => stderr), { timeout: 20_000, interval: 50 });
  build.kill(signal);
  const sent = Date.now();
  const ended = await build;
  expect(stderr).toMatch(new RegExp(`error: interrupted by ${signal}\\n$`));
  expect(ended.exitCode).toBe(exitCode);
  expect(Date.now() - sent).toBeLessThan(5000);
  expect(await commandLines(agent)).toEqual([]);
  expect(await readdir(agent.temp)).toEqual([]);
}

/** Answers of the gateway of a running build to somebody without its secret, by what was asked; and where it listens. */
async function strangerAt(agent: Agent): Promise<{ readonly port: number; readonly answers: object }> {
  const [folder = ''] = await readdir(agent.temp);
  const definition = await readFile(path.join(agent.temp, folder, 'definition.json'), 'utf8');
  const [, base = '', secret = ''] =
    /ref=(127\.0\.0\.1:\d+)\/([0-9a-f]{32})\/cache:merged/.exec(definition) ?? [];
  const manifest = 'cache/manifests/merged';
  const answers: Record<string, number> = {};
  for (const wanted of [`${'f'.repeat(32)}/${manifest}`, manifest, '_catalog', 'cache/tags/list']) {
    answers[wanted] = (await fetch(`http://${base}/v2/${wanted}`)).status;
  }
  answers['with the secret'] = (await fetch(`http://${base}/v2/${secret}/${manifest}`)).status;
  return { port: Number(base.split(':')[1]), answers };
}

test('a signal while layers are loaded closes the gateway, which has given nothing to a stranger', async ({
  ownEngine: engine,
  registry,
  faults,
}) => {
  await using at = await makeChainAgent(engine, { images: registry.host, cache: faults.host });
  const { agent } = at;
  await at.build(MAIN);
  await agent.checkout.git('switch', '--quiet', '--create', 'work');
  await agent.checkout.commit({ 'source.txt': 'two\n' });
  await at.machine('empty');
  const cache = agent.repositories.cache.main;
  const { layers } = JSON.parse((await manifestOf(registry.host, `${cache}:latest`)).body) as {
    readonly layers: readonly { readonly digest: string }[];
  };
  const waits = new Set(layers.map(({ digest }) => `/v2/${cache}/blobs/${digest}`));
  const before = faults.requests.length;
  faults.set([{ on: ({ method, path: to }) => method === 'GET' && waits.has(to), fault: { kind: 'hang' } }]);
  let seen: Awaited<ReturnType<typeof strangerAt>> | undefined;
  await interrupt(agent, { ...TERM, variables: pullRequest() }, async () => {
    if (!faults.requests.slice(before).some(({ path: to }) => waits.has(to))) return false;
    seen ??= await strangerAt(agent);
    return true;
  });
  expect(seen?.answers).toEqual({
    [`${'f'.repeat(32)}/cache/manifests/merged`]: 404,
    'cache/manifests/merged': 404,
    _catalog: 404,
    'cache/tags/list': 404,
    'with the secret': 200,
  });
  await expect(fetch(`http://127.0.0.1:${seen?.port}/v2/`)).rejects.toMatchObject({
    cause: { code: 'ECONNREFUSED' },
  });
});

describe.concurrent('a signal ends the build with its children and its logins', () => {
  test('while planning', async ({ engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    // A program that starts another, as a helper that opens a browser would.
    await agent.program('docker-credential-slow', `sleep 61 & wait`);
    await writeFile(path.join(agent.dockerConfig, 'config.json'), JSON.stringify({ credsStore: 'slow' }));
    await interrupt(agent, TERM, async () => (await commandLines(agent)).includes('sleep 61 '));
  });

  test.for([INT, TERM])('while building: $signal', async (signalled, { engine, registry }) => {
    const seconds = 600 + signalled.exitCode;
    const dockerfile = `FROM ${BASE_IMAGE} AS app\nRUN sleep ${seconds}\n`;
    await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile: dockerfile });
    const auths = { [registry.host]: { auth: 'd2FybTpiYWtl' } };
    await writeFile(path.join(agent.dockerConfig, 'config.json'), JSON.stringify({ auths }));
    await interrupt(agent, signalled, (stderr) => stderr().includes(`RUN sleep ${seconds}`));
    // The engine has stopped the step, too.
    await vi.waitUntil(async () => !(await commandLines()).includes(`sleep ${seconds} `), {
      timeout: 10_000,
    });
  });

  test('while reading back', async ({ engine, registry, faults }) => {
    await using agent = await makeAgent(engine.env, { images: faults.host, cache: registry.host });
    const pushed = (): boolean =>
      faults.requests.some(
        ({ method, path: to, status }) =>
          method === 'PUT' && /images-main\/manifests\/\w+$/.test(to) && status === 201,
      );
    faults.set([{ on: ({ method }) => method === 'HEAD' && pushed(), fault: { kind: 'hang' } }]);
    await interrupt(agent, INT, (stderr) => stderr().includes('Reading back test-ci'));
  });
});
