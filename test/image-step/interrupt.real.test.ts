import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, vi } from 'vitest';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { startFaults } from '../../parts/faults.ts';
import { test } from '../tiers/real.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { startWarmbake } from '../../parts/ci-job/warmbake.ts';

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
  { signal, exitCode }: typeof INT | typeof TERM,
  when: (stderr: () => string) => boolean | Promise<boolean>,
): Promise<void> {
  const build = startWarmbake(await agent.job(['build'], MAIN));
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

  test('while reading back', async ({ engine, registry, onTestFinished }) => {
    const faults = await startFaults(registry.host);
    onTestFinished(faults.stop);
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
