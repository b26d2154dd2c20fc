import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { dockerDirectory } from '../registry/docker-config.ts';

/** How buildx is called: the first words of a command line. */
export type BuildxProgram = readonly [string, ...string[]];

/** Through the docker CLI, which starts several programs to find its plugin. */
export const THROUGH_DOCKER: BuildxProgram = ['docker', 'buildx'];

const PLUGIN = 'docker-buildx';

/** Where packages put plugins for everybody (docker/cli, cli-plugins/manager/manager_unix.go). */
const SYSTEM_DIRECTORIES = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
] as const;

const configFile = z.object({ cliPluginsExtraDirs: z.array(z.string()).default([]) });

/**
 * The buildx that `docker buildx` would run in the environment `env`, to be called by itself: builders, contexts and output
 * are the same (tried with 0.13 and 0.29). {@link THROUGH_DOCKER} where none is found, where the first one found cannot be
 * run (docker says why), and for DOCKER_TLS_VERIFY and its kin, which buildx alone does not read.
 */
export async function findBuildx(
  env: Readonly<Record<string, string>>,
  { system = SYSTEM_DIRECTORIES }: { readonly system?: readonly string[] } = {},
): Promise<BuildxProgram> {
  if (['DOCKER_TLS_VERIFY', 'DOCKER_TLS', 'DOCKER_CERT_PATH'].some((name) => (env[name] ?? '') !== '')) {
    return THROUGH_DOCKER;
  }
  const config = dockerDirectory(env) ?? '/.docker';
  // In docker's order.
  const directories = [...(await extraDirectories(config)), path.join(config, 'cli-plugins'), ...system];
  for (const directory of directories) {
    const file = path.join(directory, PLUGIN);
    if (await allows(file, constants.F_OK))
      return (await allows(file, constants.X_OK)) ? [file] : THROUGH_DOCKER;
  }
  return THROUGH_DOCKER;
}

async function extraDirectories(config: string): Promise<readonly string[]> {
  try {
    const text = await readFile(path.join(config, 'config.json'), 'utf8');
    return configFile.safeParse(JSON.parse(text)).data?.cliPluginsExtraDirs ?? [];
  } catch {
    return [];
  }
}

async function allows(file: string, mode: number): Promise<boolean> {
  return await access(file, mode).then(
    () => true,
    () => false,
  );
}
