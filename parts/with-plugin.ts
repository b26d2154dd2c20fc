import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An environment in which `docker buildx` is another one; `remove` when it is no longer needed. */
export interface WithPlugin {
  readonly env: Readonly<Record<string, string>>;
  readonly remove: () => Promise<void>;
}

/** `env` with `plugin` (a path) as its buildx, in a docker folder of its own. */
export async function withPlugin(env: Readonly<Record<string, string>>, plugin: string): Promise<WithPlugin> {
  const DOCKER_CONFIG = await mkdtemp(join(tmpdir(), 'warmbake-plugin-'));
  await mkdir(join(DOCKER_CONFIG, 'cli-plugins'));
  await symlink(plugin, join(DOCKER_CONFIG, 'cli-plugins', 'docker-buildx'));
  return {
    env: { ...env, DOCKER_CONFIG },
    remove: async () => await rm(DOCKER_CONFIG, { recursive: true, force: true }),
  };
}
