import { execa } from 'execa';
import type { Engine } from '../../parts/engine.ts';

/** Takes from the engine what builds left there. Images go last: that is when it drops the layers that nothing refers to. */
export async function emptyStore({ env }: Pick<Engine, 'env'>): Promise<void> {
  const docker = async (...args: readonly string[]): Promise<string> =>
    (await execa('docker', args, { env, extendEnv: false })).stdout;
  await docker('builder', 'prune', '--all', '--force');
  const images = await docker(
    'image',
    'ls',
    '--filter',
    'reference=*/*/images-*',
    '--format',
    '{{.Repository}}:{{.Tag}}',
  );
  if (images !== '') await docker('rmi', '--force', ...images.split('\n'));
}
