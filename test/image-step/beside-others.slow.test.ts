import { expect, vi } from 'vitest';
import { BASE_IMAGE, importBase } from '../../parts/base-image.ts';
import type { Built } from '../../parts/ci-job/agent.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { requireSuccess, startWarmbake } from '../../parts/ci-job/warmbake.ts';
import { startFreshEngine } from '../../parts/fresh-engine.ts';
import type { FinishedDocument } from '../../src/image-step/result-schema.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { test } from '../tiers/real.ts';
import { type ChainAgent, executed, makeChainAgent } from './chain-agent.ts';
import { OF_THE_COMMIT, STEPS } from './chain-project.ts';
import { manifestOf } from './registry-content.ts';

const COMPILED = [...STEPS.compiled, ...STEPS.app, ...OF_THE_COMMIT['test-ci']].toSorted();

/** The program as a process of its own. */
async function inProcess(at: ChainAgent, more: Readonly<Record<string, string>> = {}): Promise<Built> {
  return requireSuccess(await at.agent.build({ ...pullRequest(), ...more }, { args: ['--force'] }));
}

/** Main's cache, and a pull request with another source on a machine that has nothing. */
async function request(at: ChainAgent, source: string): Promise<void> {
  const { git, commit } = at.agent.checkout;
  await at.build(MAIN);
  await git('switch', '--quiet', '--create', 'work');
  await commit({ 'source.txt': source });
  await git('push', '--quiet', 'origin', 'main', 'work');
  await at.machine('empty');
}

/** Two pull requests of one project share what they have not changed. */
async function ofOneProject(agents: readonly ChainAgent[]): Promise<void> {
  const mark = `${Math.random()}\n`;
  for (const at of agents) await at.agent.checkout.commit({ 'tools.txt': mark });
}

test('with proxies in the environment of program and engine the gateway is asked all the same, on this machine', async ({
  registry,
  skip,
  onTestFinished,
}) => {
  const nowhere = 'http://127.0.0.1:9';
  const proxies = Object.fromEntries(
    ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].map((name) => [name, nowhere]),
  );
  const engine = await orSkip(startFreshEngine({ env: proxies }), skip);
  onTestFinished(engine.stop);
  await importBase(engine, BASE_IMAGE);
  await using at = await makeChainAgent(engine, { images: registry.host });
  await request(at, 'two\n');
  const built = await inProcess(at, proxies);
  expect(executed(built)).toEqual(COMPILED);
  expect(built.result).toMatchObject({ warnings: [], import: { way: 'gateway' } });
  expect(built.result.targets[0]?.donors?.map(({ layers }) => layers.length > 0)).toEqual([true]);
});

test('two programs at once on one BuildKit, each with a gateway of its own: both images are right', async ({
  ownEngine: engine,
  registry,
}) => {
  const places = { images: registry.host };
  await using one = await makeChainAgent(engine, places);
  await using other = await makeChainAgent(engine, places);
  await ofOneProject([one, other]);
  await request(one, 'two\n');
  await request(other, 'three\n');
  await one.machine('empty');
  await other.machine('empty');
  const both = await Promise.all([one, other].map(async (at) => await inProcess(at)));
  for (const [i, at] of [one, other].entries()) {
    const built = both[i];
    if (built === undefined) throw new Error('not built');
    expect(built.result.targets).toMatchObject([{ outcome: 'built', failures: [] }]);
    expect(executed(built)).toEqual(COMPILED);
    const { pushed, uncached } = await at.files(built);
    expect(pushed).toEqual(uncached);
  }
});

test('a build whose steps are loaded by the gateway of another one, which is interrupted, gets them by its own', async ({
  ownEngine: engine,
  registry,
  faults,
}) => {
  await using one = await makeChainAgent(engine, { images: registry.host, cache: faults.host });
  await using other = await makeChainAgent(engine, { images: registry.host });
  await ofOneProject([one, other]);
  await request(one, 'two\n');
  await request(other, 'three\n');
  await one.machine('empty');
  await other.machine('empty');
  // The first one waits for its layers for as long as it lives.
  const cache = one.agent.repositories.cache.main;
  const { layers } = JSON.parse((await manifestOf(registry.host, `${cache}:latest`)).body) as {
    readonly layers: readonly { readonly digest: string }[];
  };
  const waits = new Set(layers.map(({ digest }) => `/v2/${cache}/blobs/${digest}`));
  const asked = faults.requests.length;
  faults.set([{ on: ({ method, path }) => method === 'GET' && waits.has(path), fault: { kind: 'hang' } }]);
  const first = startWarmbake(await one.agent.job(['build', '--force'], pullRequest()));
  const waiting = (): boolean => faults.requests.slice(asked).some(({ path }) => waits.has(path));
  await vi.waitUntil(waiting, { timeout: 60_000, interval: 20 });
  const job = await other.agent.job(['build', '--force', '--json'], pullRequest());
  const second = startWarmbake(job);
  let stderr = '';
  second.stderr.on('data', (chunk) => (stderr += String(chunk)));
  await vi.waitUntil(() => /^ +started +\[/m.test(stderr), { timeout: 60_000, interval: 20 });
  first.kill('SIGTERM');
  expect((await first).exitCode).toBe(143);

  const ended = await second;
  const { exitCode, stdout } = requireSuccess({
    exitCode: ended.exitCode ?? -1,
    stdout: ended.stdout,
    stderr,
  });
  const result = (await conforming('result', stdout)) as FinishedDocument;
  const built = { exitCode, stdout, stderr, result };
  expect(executed(built)).toEqual(COMPILED);
  const { pushed, uncached } = await other.files(built);
  expect(pushed).toEqual(uncached);
  // No donor of its own is blamed, and the way to the other one's layers is not in its log.
  expect(result.warnings.filter(({ message }) => / without /.test(message))).toEqual([]);
  expect(`${stdout}${stderr}`).not.toMatch(/\b127\.0\.0\.1:\d+\/(?:v2\/)?[0-9a-f]{32}\b/);
});
