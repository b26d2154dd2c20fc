import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { dockerDirectory } from '../registry/docker-config.ts';

/** The Docker context in force, and where its engine is; no `endpoint` where only docker can tell. */
export interface DockerContext {
  readonly name: string;
  /** `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…`. */
  readonly endpoint?: string;
}

/** What docker takes for its default context on Unix without DOCKER_HOST (moby, client.DefaultDockerHost). */
const DEFAULT_ENDPOINT = 'unix:///var/run/docker.sock';

const configFile = z.object({ currentContext: z.string().optional() });
const metaFile = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) });

/**
 * The context that docker would use in the environment `env`: DOCKER_HOST, else DOCKER_CONTEXT, else the user's choice
 * (docker/cli, `resolveContextName`; named contexts lie under the SHA-256 of their names). Asks no process.
 */
export async function dockerContext(env: Readonly<Record<string, string>>): Promise<DockerContext> {
  const directory = dockerDirectory(env) ?? '/.docker';
  const host = given(env['DOCKER_HOST']);
  if (host !== undefined) return { name: 'default', endpoint: host };
  const chosen = async (): Promise<string | undefined> =>
    (await readJson(path.join(directory, 'config.json'), configFile))?.currentContext;
  const name = given(env['DOCKER_CONTEXT']) ?? given(await chosen()) ?? 'default';
  if (name === 'default') return { name, endpoint: DEFAULT_ENDPOINT };
  const folder = createHash('sha256').update(name).digest('hex');
  const meta = await readJson(path.join(directory, 'contexts/meta', folder, 'meta.json'), metaFile);
  return { name, ...(meta === undefined ? {} : { endpoint: meta.Endpoints.docker.Host }) };
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
