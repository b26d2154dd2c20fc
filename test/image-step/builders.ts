import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { startBridge } from '../../parts/bridge.ts';
import { startBuildkitd } from '../../parts/buildkitd.ts';
import { emptyBuildkit } from '../../parts/empty-buildkit.ts';
import type { Engine } from '../../parts/engine.ts';
import { findNewest } from '../../parts/newest.ts';
import { pushNewestImage } from '../../parts/newest-image.ts';
import { need } from '../../parts/part.ts';
import { withPlugin } from '../../parts/with-plugin.ts';
import { type ChainAgent, type ChainOptions, makeChainAgent } from './chain-agent.ts';
import type { ChainTarget } from './chain-project.ts';

/**
 * Ways to BuildKit: the engine by the packaged buildx, the oldest supported one or the newest, and the socket of a machine image: a bridge
 * to the engine, or the newest BuildKit by itself with the newest buildx. That BuildKit also in a container of the engine.
 */
export const BUILDERS = ['engine', 'remote driver', 'buildx 0.13', 'standalone buildkitd'] as const;
export type BuilderKind = (typeof BUILDERS)[number] | 'newest buildx' | 'docker-container';

interface Places {
  readonly engine: Engine;
  readonly registry: { readonly host: string };
}

type Make = (options: Omit<ChainOptions, 'targets'>, end: () => Promise<void>) => Promise<ChainAgent>;

/** An agent whose builds take that way. Throws `PartMissing` where it cannot be had. */
export async function makeChainAgentOn(
  kind: BuilderKind,
  { engine, registry }: Places,
  targets: readonly ChainTarget[],
): Promise<ChainAgent> {
  const make = async (
    options: Omit<ChainOptions, 'targets'>,
    end?: () => Promise<void>,
  ): Promise<ChainAgent> => {
    const at = await makeChainAgent(engine, { images: registry.host }, { targets, ...options });
    return {
      ...at,
      [Symbol.asyncDispose]: async () => {
        await at[Symbol.asyncDispose]();
        await end?.();
      },
    };
  };
  switch (kind) {
    case 'engine':
      return await make({});
    case 'buildx 0.13':
      return await make({ buildx: engine.buildx.at(-1) ?? engine });
    case 'newest buildx': {
      const { plugin, version } = need(kind, (await findNewest(process.env)).buildx);
      const buildx = await withPlugin(engine.env, plugin);
      return await requireBuildx(await make({ buildx }, buildx.remove), version);
    }
    case 'remote driver': {
      const bridge = await startBridge(engine);
      return await make({ socket: bridge.socket }, bridge.stop);
    }
    case 'standalone buildkitd':
      return await onBuildkitd({ engine, registry }, make);
    case 'docker-container':
      return await onContainer({ engine, registry }, make);
  }
}

async function docker(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  return (await execa('docker', args, { env, extendEnv: false })).stdout;
}

/** Whether its jobs really run that buildx: everything would pass on another one, too. */
async function requireBuildx(at: ChainAgent, version: string): Promise<ChainAgent> {
  const said = await docker(await at.agent.environment({}), 'buildx', 'version');
  if (!said.includes(` v${version} `)) throw new Error(`buildx ${version} was to be used, not ${said}`);
  await at.agent.calls();
  return at;
}

/** Puts the base image where a BuildKit without images of its own asks for it. */
async function pushBase({ engine, registry }: Places): Promise<void> {
  const base = `${registry.host}/${BASE_IMAGE}`;
  await docker(engine.env, 'tag', BASE_IMAGE, base);
  await docker(engine.env, 'push', '--quiet', base);
}

/** Names a builder on the standalone BuildKit, for what tests do there by themselves. */
const OWN = 'of-the-test';

async function onBuildkitd({ engine, registry }: Places, make: Make): Promise<ChainAgent> {
  // It has no images of its own: what a Dockerfile starts from is asked of the registry.
  await pushBase({ engine, registry });
  const buildkitd = await startBuildkitd({ hub: registry.host });
  const { env, address, socket } = buildkitd;
  await docker(env, 'buildx', 'create', '--name', OWN, '--driver', 'remote', address);
  const buildx = { env: { ...engine.env, DOCKER_CONFIG: env['DOCKER_CONFIG'] ?? '' } };
  const store = { env, builder: OWN, empty: async () => await buildkitd.empty() };
  const { version } = need('the newest buildx', (await findNewest(process.env)).buildx);
  return await requireBuildx(await make({ buildx, socket, store }, buildkitd.stop), version);
}

/** The user's builder: in a container of the newest BuildKit, on the host's network, by the newest buildx. */
async function onContainer({ engine, registry }: Places, make: Make): Promise<ChainAgent> {
  const { plugin, version } = need('the newest buildx', (await findNewest(process.env)).buildx);
  const { ref } = await pushNewestImage(engine, registry, 'builders/newest');
  await pushBase({ engine, registry });
  const buildx = await withPlugin(engine.env, plugin);
  const name = `ours-${randomBytes(4).toString('hex')}`;
  const options = ['--driver-opt', `image=${ref}`, '--driver-opt', 'network=host'];
  const create = ['buildx', 'create', '--name', name, '--driver', 'docker-container', ...options];
  const state = path.join(buildx.env['DOCKER_CONFIG'] ?? '', 'buildx');
  await mkdir(state);
  const mirror = `[registry."docker.io"]\nmirrors = ["${registry.host}"]\n[registry."${registry.host}"]\nhttp = true\n`;
  await writeFile(path.join(state, 'buildkitd.default.toml'), mirror);
  await docker(buildx.env, ...create, '--bootstrap');
  const inside = async (...args: readonly string[]) =>
    await docker(engine.env, 'exec', `buildx_buildkit_${name}0`, 'buildctl', ...args);
  const store = { env: buildx.env, builder: name, empty: async () => await emptyBuildkit(inside) };
  const at = await make({ buildx, store, builder: { name, image: ref } }, async () => {
    await docker(buildx.env, 'buildx', 'rm', name);
    await buildx.remove();
  });
  await docker(await at.agent.environment({}), ...create);
  return await requireBuildx(at, version);
}
