import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { startBridge } from '../../parts/bridge.ts';
import { test } from '../tiers/real.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

async function withSocket(agent: Agent, socket: string): Promise<void> {
  await agent.configure((same) => ({ ...same, builder: { socket, name: 'ours' } }));
}

// A second is all that a socket gets to answer, and on a busy machine the bridge may need longer.
test(
  "two jobs at once build on the machine image's BuildKit, and the user's builder stays selected (B-09, B-22)",
  { retry: 2 },
  async ({ engine, registry, onTestFinished }) => {
    const bridge = await startBridge(engine);
    onTestFinished(bridge.stop);
    await using one = await makeAgent(engine.env, { images: registry.host });
    await using other = await makeAgent(engine.env, { images: registry.host });
    for (const agent of [one, other]) await withSocket(agent, bridge.socket);
    const env = await one.environment({});
    const create = [
      'buildx',
      'create',
      '--use',
      '--name',
      'mine',
      '--driver',
      'remote',
      'unix:///elsewhere.sock',
    ];
    await execa('docker', create, { env, extendEnv: false });
    const buildx = path.join(one.dockerConfig, 'buildx');
    const selected = await readFile(path.join(buildx, 'current'), 'utf8');

    // One machine: home, temp folder and builders are the same.
    const machine = { HOME: env['HOME'], TMPDIR: env['TMPDIR'] };
    const jobs = await Promise.all([one.build(MAIN), other.build({ ...MAIN, ...machine })]);
    for (const { result } of jobs.map(requireSuccess)) {
      expect(result.builder).toMatchObject({ name: 'ours', driver: 'remote', endpoint: bridge.address });
      expect(result.targets).toMatchObject([{ outcome: 'built', verified: [{}], exported: [{}] }]);
    }
    expect(await readFile(path.join(buildx, 'current'), 'utf8')).toBe(selected);
    expect((await readdir(path.join(buildx, 'instances'))).toSorted()).toEqual(['mine', 'ours']);
    expect(await readdir(one.temp)).toEqual([]);

    // Without the socket a builder that is there, and answers, is better than the engine.
    const builder = async (name: string): Promise<object> => {
      await one.configure((same) => ({ ...same, builder: { name } }));
      const plan = await one.plan(MAIN);
      return { ...plan.builder, warnings: plan.warnings.map(({ code }) => code) };
    };
    expect(await builder('ours')).toMatchObject({ action: 'use', name: 'ours', warnings: [] });
    expect(await builder('another')).toMatchObject({
      action: 'use',
      name: 'default',
      warnings: ['dead-builder'],
    });
  },
);

test('a BuildKit socket on which nobody answers is a loud warning and no obstacle (B-09)', async ({
  engine,
  registry,
  onTestFinished,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const socket = path.join(agent.checkout.directory, 'buildkitd.sock');
  const silent = createServer().listen(socket);
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  await withSocket(agent, socket);
  const { stderr, result } = requireSuccess(await agent.build(MAIN));
  expect(stderr).toMatch(/^warning: dead-socket: .*buildkitd\.sock exists but no BuildKit answers/m);
  expect(result.builder).toMatchObject({ action: 'use', driver: 'docker' });
});
