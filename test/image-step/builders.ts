import { startBridge } from '../../parts/bridge.ts';
import type { Engine } from '../../parts/engine.ts';
import { type ChainAgent, makeChainAgent } from './chain-agent.ts';
import type { ChainTarget } from './chain-project.ts';

/** Ways to BuildKit: the engine by the newest buildx or the oldest supported one, and the socket of a machine image. */
export const BUILDERS = ['engine', 'remote driver', 'buildx 0.13'] as const;
export type BuilderKind = (typeof BUILDERS)[number];

/** An agent whose builds take that way. */
export async function makeChainAgentOn(
  kind: BuilderKind,
  { engine, registry }: { readonly engine: Engine; readonly registry: { readonly host: string } },
  targets: readonly ChainTarget[],
): Promise<ChainAgent> {
  const places = { images: registry.host };
  switch (kind) {
    case 'engine':
      return await makeChainAgent(engine, places, { targets });
    case 'buildx 0.13':
      return await makeChainAgent(engine, places, { targets, buildx: engine.buildx.at(-1) ?? engine });
    case 'remote driver': {
      const bridge = await startBridge(engine);
      const at = await makeChainAgent(engine, places, { targets, socket: bridge.socket });
      return {
        ...at,
        [Symbol.asyncDispose]: async () => {
          await at[Symbol.asyncDispose]();
          await bridge.stop();
        },
      };
    }
  }
}
