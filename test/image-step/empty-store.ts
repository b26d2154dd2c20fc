import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Engine } from '../../parts/engine.ts';
import type { Agent } from '../../parts/ci-job/agent.ts';

/** The engine lets go of a build's results a moment after its client has ended. */
const TRIES = 50;

/**
 * Takes from the engine what the agent's builds left there: agents live for one job, so nothing of an earlier one may help
 * but the registry. Images go last, since that is when the engine drops layers that nothing refers to. Read back: a store that is only
 * nearly empty would look like a cache that works.
 */
export async function emptyStore({ env }: Pick<Engine, 'env'>, agent: Agent): Promise<void> {
  const docker = async (...args: readonly string[]): Promise<string> =>
    (await execa('docker', args, { env, extendEnv: false })).stdout;
  const pattern = `reference=*/${agent.repositories.images.main.replace(/\/.*/, '/*')}`;
  let left = '';
  for (let tries = 0; tries < TRIES; tries += 1) {
    await docker('builder', 'prune', '--all', '--force');
    const images = await docker('image', 'ls', '--filter', pattern, '--format', '{{.Repository}}:{{.Tag}}');
    if (images !== '') await docker('rmi', ...images.split('\n'));
    left = await docker('buildx', 'du', '--builder=default');
    if (/^Total:\s+0B$/m.test(left)) return;
    await sleep(100);
  }
  throw new Error(`the engine's store cannot be emptied:\n${left}`);
}
