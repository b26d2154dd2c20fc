import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { Host } from '../platform/host.ts';
import { encodeLogin } from './basic-login.ts';
import type { Credential } from './credential.ts';
import type { Credentials } from './credentials.ts';
import { type DockerConfig, dockerDirectory, dockerNames } from './docker-config.ts';
import type { LoginGrant } from './login-grant.ts';
import { passLogins } from './passed-logins.ts';

/** Logins of this run, as docker and buildx read them. */
export interface Login {
  /** For every docker process of this run. */
  readonly env: Readonly<Record<string, string>>;
  /** Hosts, and programs that know logins of any host, whose logins the user has and this run does not. */
  readonly withheld: readonly string[];
  /** Puts fresh logins in place of the old ones; running processes see the old file or the new one, whole. */
  refresh(): Promise<void>;
  /** Removes the logins; nothing of the user's is touched. */
  remove(): Promise<void>;
}

/** Parts of the user's directory that the private one points to. The PEM files serve DOCKER_TLS_VERIFY. */
const LINKED = ['contexts', 'cli-plugins', 'ca.pem', 'cert.pem', 'key.pem'];

/**
 * Writes a docker configuration of this run's own: what the user's says, and the logins for `registries`. `docker login` would
 * put them into the user's own store, visible to other jobs. Hosts without a login of ours stay as the user has them, or without any where
 * they are not among `hosts`.
 */
export async function createLogin(
  registries: readonly string[],
  credentials: Credentials,
  { host, hosts }: { readonly host: Host } & Pick<LoginGrant, 'hosts'>,
): Promise<Login> {
  const directory = path.join(host.scratch, 'docker');
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o700);
  const users = dockerDirectory(host.env);
  if (users !== undefined) await link(path.resolve(host.cwd, users), directory);

  async function write(fresh: boolean): Promise<readonly string[]> {
    const all = await credentials.dockerConfig();
    const { config, withheld } = hosts === undefined ? { config: all, withheld: [] } : passLogins(all, hosts);
    const logins = await Promise.all(
      registries.map(async (registry) => [registry, await credentials.lookUp(registry, { fresh })] as const),
    );
    const file = path.join(directory, 'config.json');
    const next = `${file}.next`;
    await writeFile(next, JSON.stringify(withLogins(config, logins)), { mode: 0o600 });
    await rename(next, file);
    return withheld.filter((name) => !registries.includes(name));
  }

  const withheld = await write(false);
  return {
    env: { DOCKER_CONFIG: directory, ...buildxDirectory(host, users) },
    withheld,
    refresh: async () => void (await write(true)),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * `config` with these logins in the file itself. The empty helper makes docker read them there although a general store is
 * configured (tried with buildx 0.13 and 0.29).
 */
export function withLogins(
  config: DockerConfig,
  logins: readonly (readonly [host: string, credential: Credential])[],
): DockerConfig {
  const auths = { ...config.auths };
  const credHelpers = { ...config.credHelpers };
  for (const [host, credential] of logins) {
    if (credential.kind === 'anonymous') continue;
    const [name] = dockerNames(host);
    for (const alias of dockerNames(host)) delete auths[alias];
    auths[name] =
      credential.kind === 'basic' ? { auth: encodeLogin(credential) } : { identitytoken: credential.token };
    credHelpers[name] = '';
  }
  return { ...config, auths, credHelpers };
}

async function link(users: string, directory: string): Promise<void> {
  for (const name of LINKED) {
    const target = path.join(users, name);
    if (existsSync(target)) await symlink(target, path.join(directory, name));
  }
}

/** buildx keeps its builders there; a private DOCKER_CONFIG alone would hide them. */
function buildxDirectory(host: Host, users: string | undefined): Readonly<Record<string, string>> {
  const chosen = host.env['BUILDX_CONFIG'];
  if (chosen !== undefined && chosen !== '') return { BUILDX_CONFIG: chosen };
  return users === undefined ? {} : { BUILDX_CONFIG: path.resolve(host.cwd, users, 'buildx') };
}
