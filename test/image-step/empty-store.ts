import { execa } from 'execa';
import type { Engine } from '../../parts/engine.ts';
import type { Agent } from '../../parts/ci-job/agent.ts';

/**
 * Takes from the engine what the agent's builds left there: agents live for one job, so nothing of an earlier one may help
 * but the registry. Images go last, since that is when the engine drops layers that nothing refers to.
 */
export async function emptyStore({ env }: Pick<Engine, 'env'>, agent: Agent): Promise<void> {
  const docker = async (...args: readonly string[]): Promise<string> =>
    (await execa('docker', args, { env, extendEnv: false })).stdout;
  await docker('builder', 'prune', '--all', '--force');
  const pattern = `reference=*/${agent.repositories.images.main.replace(/\/.*/, '/*')}`;
  const images = await docker('image', 'ls', '--filter', pattern, '--format', '{{.Repository}}:{{.Tag}}');
  if (images !== '') await docker('rmi', ...images.split('\n'));
}
