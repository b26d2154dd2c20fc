import { join } from 'node:path';
import { builtFolder, modulesOf, type BuiltFolder } from './go-programs.ts';
import { here, missing, type Part } from './part.ts';
import type { Plugin } from './parts.ts';
import { installedProgram } from './programs.ts';

/** BuildKit by itself, without an engine; of its runtime it brings nothing. */
export interface BuildkitPrograms {
  readonly version: string;
  readonly buildkitd: string;
  readonly buildctl: string;
}

/** Packer and, since that has no builders inside, its plugin for Amazon: programs. */
export interface PackerPrograms {
  readonly version: string;
  readonly packer: string;
  readonly pluginVersion: string;
  readonly plugin: string;
}

/** The parts that are built from Go modules, for the slow tier. */
export interface NewestParts {
  readonly buildx: Part<Plugin>;
  readonly buildkit: Part<BuildkitPrograms>;
  readonly packer: Part<PackerPrograms>;
}

/** The Go command on `searchPath`. */
export async function findGo(searchPath: string): Promise<Part<string>> {
  const go = await installedProgram('go', searchPath);
  return go === undefined ? missing('no Go toolchain on PATH', { cannotBeHad: true }) : here(go, go);
}

/** `1.2.3` of each module of a folder. */
function versionsOf(folder: BuiltFolder): readonly [string, ...string[]] {
  const [first = '', ...others] = modulesOf(folder).map(({ version }) => version.slice(1));
  return [first, ...others];
}

/** Finds what was built (`npm run pretest:slow` builds it); builds and starts nothing. */
export async function findNewest(env: NodeJS.ProcessEnv): Promise<NewestParts> {
  const go = await findGo(env['PATH'] ?? '');
  const built = async <T>(
    folder: BuiltFolder,
    as: (path: string, versions: readonly [string, ...string[]]) => T,
  ): Promise<Part<T>> => {
    const path = await builtFolder(folder);
    const versions = versionsOf(folder);
    if (path !== undefined) return here(`${versions.join(' and ')} at ${path}`, as(path, versions));
    return go.state === 'missing' ? go : missing('not built');
  };
  const [buildx, buildkit, packer] = await Promise.all([
    built('buildx-newest', (path, [version]) => ({ version, plugin: join(path, 'docker-buildx') })),
    built('buildkit-newest', (path, [version]) => ({
      version,
      buildkitd: join(path, 'buildkitd'),
      buildctl: join(path, 'buildctl'),
    })),
    built('packer-newest', (path, [version, pluginVersion = '']) => ({
      version,
      packer: join(path, 'packer'),
      pluginVersion,
      plugin: join(path, 'packer-plugin-amazon'),
    })),
  ]);
  return { buildx, buildkit, packer };
}
