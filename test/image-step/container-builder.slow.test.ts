import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { expect } from 'vitest';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { PROJECT_FILES } from '../../parts/ci-job/checkout.ts';
import type { Variables } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { pushNewestImage } from '../../parts/newest-image.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { test } from '../tiers/real.ts';

/** A developer's machine: nothing is pushed, so nothing has to be reached from the container. */
const LOCAL: Variables = { BUILDKITE: undefined };

test('a builder is made of the configured image where there is none, and the next build finds it', async ({
  ownEngine: engine,
  registry,
  skip,
  onTestFinished,
}) => {
  const { ref, version } = await orSkip(pushNewestImage(engine, registry, 'container-builder/newest'), skip);
  const Dockerfile = 'FROM scratch AS app\nARG COMMIT=unknown\nCOPY source.txt /source.txt\n';
  await using agent = await makeAgent(
    engine.env,
    { images: registry.host },
    { ...PROJECT_FILES, Dockerfile },
  );
  const name = `made-${randomBytes(4).toString('hex')}`;
  await agent.configure((same) => ({ ...same, builder: { name, image: ref } }));
  const container = `buildx_buildkit_${name}0`;
  const docker = async (...args: readonly string[]) =>
    (await execa('docker', args, { env: engine.env, extendEnv: false })).stdout;
  onTestFinished(async () => void (await docker('rm', '--force', '--volumes', container)));

  const { builder } = await agent.plan(LOCAL);
  expect(builder).toMatchObject({ action: 'create', name, driver: 'docker-container', image: ref });
  await agent.calls();
  const built = requireSuccess(await agent.build(LOCAL));
  expect(built.result).toMatchObject({
    builder: { name, driver: 'docker-container' },
    targets: [{ outcome: 'built' }],
  });
  const creations = async () => (await agent.calls()).filter((call) => call.includes(' create '));
  expect(await creations()).toEqual([
    expect.stringContaining(`create --name ${name} --driver docker-container --driver-opt image=${ref}`),
  ]);
  expect(await docker('exec', container, 'buildkitd', '--version')).toContain(`v${version}`);

  const again = requireSuccess(await agent.build(LOCAL));
  expect(again.result.builder).toMatchObject({ action: 'use', name, driver: 'docker-container' });
  expect(await creations()).toEqual([]);
});
