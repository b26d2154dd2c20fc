import { execa } from 'execa';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { startBridge } from '../../parts/bridge.ts';
import { startBuildkitd } from '../../parts/buildkitd.ts';
import type { Engine } from '../../parts/engine.ts';
import { findNewest } from '../../parts/newest.ts';
import { need } from '../../parts/part.ts';
import { withPlugin } from '../../parts/with-plugin.ts';
import { type ChainAgent, type ChainOptions, makeChainAgent } from './chain-agent.ts';
import type { ChainTarget } from './chain-project.ts';

/**
 * Ways to BuildKit: the engine by the packaged buildx, the oldest supported one or the newest, and the socket of a machine image: a bridge
 * to the engine, or the newest BuildKit by itself with the newest buildx.
 */
export const BUILDERS = ['engine', 'remote driver', 'buildx 0.13', 'standalone buildkitd'] as const;
export type BuilderKind = (typeof BUILDERS)[number] | 'newest buildx';

interface Places {
  readonly engine: Engine;
  readonly registry: { readonly host: string };
}

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
      const { plugin } = need(kind, (await findNewest(process.env)).buildx);
      const buildx = await withPlugin(engine.env, plugin);
      return await make({ buildx }, buildx.remove);
    }
    case 'remote driver': {
      const bridge = await startBridge(engine);
      return await make({ socket: bridge.socket }, bridge.stop);
    }
    case 'standalone buildkitd':
      return await onBuildkitd({ engine, registry }, make);
  }
}

/** Names a builder on the standalone BuildKit, for what tests do there by themselves. */
const OWN = 'of-the-test';

async function onBuildkitd(
  { engine, registry }: Places,
  make: (options: Omit<ChainOptions, 'targets'>, end: () => Promise<void>) => Promise<ChainAgent>,
): Promise<ChainAgent> {
  // It has no images of its own: what a Dockerfile starts from is asked of the registry.
  const docker = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    await execa('docker', args, { env, extendEnv: false });
  const base = `${registry.host}/${BASE_IMAGE}`;
  await docker(engine.env, 'tag', BASE_IMAGE, base);
  await docker(engine.env, 'push', '--quiet', base);
  const buildkitd = await startBuildkitd({ hub: registry.host });
  const { env, address, socket } = buildkitd;
  await docker(env, 'buildx', 'create', '--name', OWN, '--driver', 'remote', address);
  const buildx = { env: { ...engine.env, DOCKER_CONFIG: env['DOCKER_CONFIG'] ?? '' } };
  const store = { env, builder: OWN, empty: async () => await buildkitd.empty() };
  return await make({ buildx, socket, store }, buildkitd.stop);
}
