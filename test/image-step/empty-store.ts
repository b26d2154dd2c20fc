import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Engine } from '../../parts/engine.ts';
import type { Agent } from '../../parts/ci-job/agent.ts';

/** The engine lets go of a build's results a moment after its client has ended. */
const TRIES = 50;
/** Of layers that were imported it sometimes never lets go: BuildKit keeps a reference to a result that it loaded and did not use. */
const TRIES_IMPORTED = 6;

/**
 * Takes from the engine what the agent's builds left there: agents live for one job, so nothing of an earlier one may help
 * but the registry. Images go last, since that is when the engine drops layers that nothing refers to. Read back: a step that an earlier
 * build executed and that is still there would look like a cache that works.
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
    left = await docker('buildx', 'du', '--verbose', '--builder=default');
    const records = [...left.matchAll(/^Description:\s*(.*)$/gm)].map(([, what = '']) => what);
    if (records.length === 0) return;
    if (tries >= TRIES_IMPORTED && records.every((what) => what.startsWith('imported '))) return;
    await sleep(100);
  }
  throw new Error(`the engine's store cannot be emptied:\n${left}`);
}
