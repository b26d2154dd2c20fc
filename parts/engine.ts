import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startDockerd } from './dockerd.ts';
import { findParts } from './find.ts';
import { need, type Running } from './part.ts';
import type { EngineSource, Parts, Plugin } from './parts.ts';

/** One buildx and the environment in which `docker buildx` is this one. */
export interface Buildx extends Plugin {
  readonly env: Readonly<Record<string, string>>;
}

/** A Docker Engine with BuildKit and the containerd image store. A plain value: it can be handed to other processes. */
export interface Engine {
  readonly dockerHost: string;
  /**
   * A complete environment for commands against this engine, with the newest buildx: PATH, HOME, DOCKER_HOST and
   * DOCKER_CONFIG, the two folders made for this engine. Nothing in it leads to the user's own settings.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Newest first. */
  readonly buildx: readonly [Buildx, ...Buildx[]];
  /** False where the engine is somebody else's: its images and build cache are not ours to prune. */
  readonly owned: boolean;
}

/** A fresh home with a docker configuration whose buildx is `plugin`. */
async function makeHome(path: string, plugin: string): Promise<{ HOME: string; DOCKER_CONFIG: string }> {
  const config = join(path, '.docker');
  await mkdir(join(config, 'cli-plugins'), { recursive: true });
  await symlink(plugin, join(config, 'cli-plugins', 'docker-buildx'));
  return { HOME: path, DOCKER_CONFIG: config };
}

/** A buildx and a complete environment in which it is the one that `docker buildx` runs. */
async function makeBuildx(
  plugin: Plugin,
  directory: string,
  env: Readonly<Record<'PATH' | 'DOCKER_HOST', string>>,
): Promise<Buildx> {
  const home = await makeHome(join(directory, `home-${plugin.version}`), plugin.plugin);
  return { ...plugin, env: { LANG: 'C.UTF-8', ...env, ...home } };
}

/** Starts the engine where it is ours to start. */
async function reach(parts: Parts, directory: string): Promise<Running & { readonly dockerHost: string }> {
  const source = need('engine', parts.engine);
  if (source.kind === 'own')
    return await startDockerd({
      ...source,
      directory,
      busybox: need('busybox', parts.busybox),
      init: parts.init.state === 'here' ? parts.init.value : undefined,
    });
  return { dockerHost: source.dockerHost, stop: () => rm(directory, { recursive: true, force: true }) };
}

function searchPath(source: EngineSource): string {
  const own = source.kind === 'own' ? source.path : [];
  return [...own, process.env['PATH'] ?? ''].join(delimiter);
}

/**
 * Gives an engine: the existing one where there is one, else one of our own, started in about a second with everything
 * it writes in the system's temp folder. `stop` (or the end of this process, however it ends) leaves nothing of it.
 * Throws `PartMissing` where no engine or no buildx can be had.
 */
export async function startEngine(given?: Parts): Promise<Engine & Running> {
  const parts = given ?? (await findParts(process.env));
  const source = need('engine', parts.engine);
  const newest = need('buildx', parts.buildx);
  const oldest = parts.oldBuildx.state === 'here' ? parts.oldBuildx.value : newest;

  const directory = await mkdtemp(join(tmpdir(), 'warmbake-engine-'));
  const { dockerHost, stop } = await reach(parts, directory);
  const env = { PATH: searchPath(source), DOCKER_HOST: dockerHost };
  const first = await makeBuildx(newest, directory, env);
  const others = oldest.version === newest.version ? [] : [await makeBuildx(oldest, directory, env)];
  return { dockerHost, env: first.env, buildx: [first, ...others], owned: source.kind === 'own', stop };
}
