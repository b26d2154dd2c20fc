import { describe, expect } from 'vitest';
import { startBridge } from '../../parts/bridge.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { test } from '../tiers/real.ts';
import { deleteManifest, manifestOf, tagsOf } from './registry-content.ts';

const WAYS = ['engine', 'remote driver', 'buildx 0.13'] as const;

interface Image {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly mediaType: string }[];
}

/** The image of this platform under `repository:tag`. */
async function imageOf(registry: string, repository: string, tag: string): Promise<Image> {
  const { manifests } = JSON.parse((await manifestOf(registry, `${repository}:${tag}`)).body) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  const url = `http://${registry}/v2/${repository}/manifests/${manifests[0]?.digest ?? ''}`;
  const response = await fetch(url, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } });
  return (await response.json()) as Image;
}

async function publishAlso(agent: Agent, socket?: string): Promise<void> {
  await agent.configure((same) => ({
    ...same,
    ...(socket === undefined ? {} : { builder: { socket, name: 'ours' } }),
    targets: { 'test-ci': { inherits: ['app'], image: { also: ['zstd'] } } },
  }));
}

describe.each(WAYS)('by %s', (way) => {
  test('one build publishes an image as gzip under its plain name and as zstd under -zstd', async ({
    engine,
    oldBuildx,
    registry,
    onTestFinished,
  }) => {
    const bridge = way === 'remote driver' ? await startBridge(engine) : undefined;
    if (bridge !== undefined) onTestFinished(bridge.stop);
    const { env } = way === 'buildx 0.13' ? oldBuildx : engine;
    await using agent = await makeAgent(env, { images: registry.host });
    await publishAlso(agent, bridge?.socket);
    const head = await agent.checkout.git('rev-parse', 'HEAD');
    const { images, cache } = agent.repositories;

    const { result } = requireSuccess(await agent.build(MAIN, { clock }));
    expect(result.targets).toMatchObject([
      { name: 'test-ci', outcome: 'built', verified: [{}], exported: [{}] },
      { name: 'test-ci-zstd', outcome: 'built', verified: [{}], exported: [] },
    ]);
    expect(await agent.bakes()).toHaveLength(1);
    expect(await tagsOf(registry.host, images.main)).toEqual([head, `${head}-zstd`, 'latest', 'latest-zstd']);
    expect(await tagsOf(registry.host, cache.main)).toEqual([head, 'latest']);
    const plain = await imageOf(registry.host, images.main, head);
    const zstd = await imageOf(registry.host, images.main, 'latest-zstd');
    expect(new Set(plain.layers.map(({ mediaType }) => mediaType.split('.').at(-1)))).toEqual(
      new Set(['tar+gzip']),
    );
    expect(new Set(zstd.layers.map(({ mediaType }) => mediaType.split('.').at(-1)))).toEqual(
      new Set(['tar+zstd']),
    );
    expect(zstd.config.digest, 'the same build').toBe(plain.config.digest);

    const again = requireSuccess(await agent.build(MAIN, { clock }));
    expect(again.result.targets.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped']);

    // A name that is gone is made again, and nothing else.
    const name = `${images.main}:latest-zstd`;
    await deleteManifest(registry.host, name, (await manifestOf(registry.host, name)).digest);
    const repaired = requireSuccess(await agent.build(MAIN, { clock }));
    expect(repaired.result.targets.map(({ outcome }) => outcome)).toEqual(['skipped', 'built']);
    expect(await tagsOf(registry.host, images.main)).toEqual([head, `${head}-zstd`, 'latest', 'latest-zstd']);
  });
});

test('a pull request writes both names where it may write, and a build that pushes nothing has one target', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  await publishAlso(agent);
  const head = await agent.checkout.git('rev-parse', 'HEAD');
  const { images } = agent.repositories;
  requireSuccess(await agent.build(pullRequest(), { clock }));
  expect(await tagsOf(registry.host, images.main)).toEqual([]);
  expect(await tagsOf(registry.host, images.test)).toEqual([head, `${head}-zstd`]);
  const local = requireSuccess(await agent.build({ BUILDKITE: undefined }, { clock }));
  expect(local.result.targets.map(({ name }) => name)).toEqual(['test-ci']);
});
