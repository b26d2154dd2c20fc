import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import type { Configuration } from '../../parts/ci-job/configuration.ts';
import type { PrintedDefinition } from '../../parts/ci-job/printed-definition.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { tagsOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

const NAMES = {
  buildNumber: 'vllm.buildkite.build_number',
  buildId: 'vllm.buildkite.build_id',
  revision: 'org.opencontainers.image.revision',
};

function withOldNames(same: Configuration): Configuration {
  return { ...same, bake: { ...same.bake, annotations: NAMES } };
}

interface Manifest {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform?: { readonly architecture: string };
  }[];
}

/** The look-up of the older machine image job: the index, then the amd64 manifest under a key with bake's own prefix. */
async function lookUp(
  env: Readonly<Record<string, string>>,
  image: string,
  key: string,
): Promise<string | undefined> {
  const inspect = async (ref: string): Promise<Manifest> => {
    const argv = ['buildx', 'imagetools', 'inspect', '--raw', ref];
    return JSON.parse((await execa('docker', argv, { env, extendEnv: false })).stdout) as Manifest;
  };
  const index = await inspect(image);
  const found = index.annotations?.[key];
  if (found !== undefined) return found;
  const [amd64] = index.manifests?.filter((m) => m.platform?.architecture === 'amd64') ?? [];
  return (await inspect(`${image.slice(0, image.lastIndexOf(':'))}@${amd64?.digest}`)).annotations?.[
    `index,manifest:${key}`
  ];
}

/** The older machine image job's own overlay over the artifact. */
const WARM_OVERLAY = `target "cache-warm" {
  inherits = ["test-ci"]
  output   = ["type=cacheonly"]
  cache-to = []
  tags     = []
}
`;

describe('what older tools read keeps its name and shape', () => {
  test("an image's build and commit are where they look for them", async ({ engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    await agent.configure(withOldNames);
    const head = await agent.checkout.git('rev-parse', 'HEAD');
    requireSuccess(await agent.build(MAIN, { clock }));
    const latest = `${registry.host}/${agent.repositories.images.main}:latest`;
    const read = await Promise.all(
      Object.values(NAMES).map(async (key) => await lookUp(engine.env, latest, key)),
    );
    expect(read).toEqual(['1', '00000000-0000-4000-8000-000000000001', head]);
  });

  test('a pull request leaves its cache under its number and its commit', async ({ engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const head = await agent.checkout.git('rev-parse', 'HEAD');
    requireSuccess(await agent.build(pullRequest(), { clock }));
    expect(await tagsOf(registry.host, agent.repositories.cache.test)).toEqual([head, 'pr-7']);
  });

  test('main leaves its cache where a machine image job looks that has not moved (cache.alsoExport)', async ({
    engine,
    registry,
  }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const { cache } = agent.repositories;
    const alsoExport = [`${registry.host}/${cache.test}:\${commit}`];
    await agent.configure((same) => ({ ...same, cache: { ...(same['cache'] as object), alsoExport } }));
    const head = await agent.checkout.git('rev-parse', 'HEAD');
    requireSuccess(await agent.build(MAIN, { clock }));
    expect(await tagsOf(registry.host, cache.main)).toEqual([head, 'latest']);
    expect(await tagsOf(registry.host, cache.test)).toEqual([head]);
  });

  test.for(['engine', 'oldBuildx'] as const)(
    'the bake config artifact of the buildx of %s is a bake file for every buildx, and their overlay fits',
    async (which, { engine, oldBuildx, registry }) => {
      await using agent = await makeAgent({ engine, oldBuildx }[which].env, { images: registry.host });
      requireSuccess(await agent.build(MAIN, { clock }));
      const text = (await agent.sent())['bake-config-build-1.json'] ?? '';
      const ours = targetsOf(text)['test-ci'];
      const file = path.join(agent.checkout.directory, 'bake-config.json');
      const overlay = path.join(agent.checkout.directory, 'cache-warm.hcl');
      await writeFile(file, text);
      await writeFile(overlay, WARM_OVERLAY);
      const from = 'cache-warm.cache-from=type=registry,ref=127.0.0.1:9/cache:commit,mode=max';
      const argv = ['buildx', 'bake', '--print', '-f', file, '-f', overlay, '--set', from, 'cache-warm'];
      for (const { env } of [engine, oldBuildx]) {
        const printed = await execa('docker', argv, { env, extendEnv: false, cwd: agent.checkout.path });
        const warm = targetsOf(printed.stdout)['cache-warm'];
        expect(warm).toMatchObject({ args: ours?.['args'], target: ours?.['target'] });
        expect(JSON.stringify(warm?.['cache-from'])).toContain('127.0.0.1:9/cache:commit');
        expect(JSON.stringify(warm?.['output'])).toContain('cacheonly');
        expect(warm).not.toHaveProperty('tags');
        expect(warm).not.toHaveProperty('cache-to');
      }
    },
  );
});

function targetsOf(text: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return (JSON.parse(text) as PrintedDefinition).target;
}
