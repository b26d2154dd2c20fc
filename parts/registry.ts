import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findParts } from './find.ts';
import { startGuarded } from './guarded.ts';
import { need, type Running } from './part.ts';
import { REGISTRY_IMAGE, type Parts, type RegistrySource } from './parts.ts';

/** What a locked registry asks for. */
export const REGISTRY_LOGIN = { username: 'warm', password: 'bake' } as const;

/** bcrypt of the password above: the only hash that the registry reads, and Node has no bcrypt. */
const HTPASSWD = `${REGISTRY_LOGIN.username}:$2b$05$aaaaaaaaaaaaaaaaaaaaaOKxAWMcAX4Fn9z1f5I6xnhG1Qgq3ALha\n`;

/** Options of {@link startRegistry}. */
export interface RegistryOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Asks for {@link REGISTRY_LOGIN} (Basic) instead of letting everybody in. Default: false. */
  readonly locked?: boolean;
  /** Default: what is found on this machine. */
  readonly parts?: Parts;
}

/** A registry that listens on this machine's loopback, plain HTTP; a plain value. */
export interface Registry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
}

function configuration(directory: string, address: string, locked: boolean): string {
  const auth = locked ? { auth: { htpasswd: { realm: 'warmbake', path: join(directory, 'htpasswd') } } } : {};
  return JSON.stringify({
    version: '0.1',
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    // Relative upload locations: absolute ones would lead around a proxy.
    http: { addr: address, relativeurls: true, secret: 'only for tests' },
    ...auth,
  });
}

function command(source: RegistrySource, directory: string, config: string): readonly [string, ...string[]] {
  if (source.kind === 'program') return [source.path, 'serve', config];
  const volume = `${directory}:${directory}`;
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const run = [
    'run',
    '--rm',
    '--network',
    'host',
    '--user',
    user,
    '--volume',
    volume,
    REGISTRY_IMAGE,
    'serve',
    config,
  ];
  return ['docker', '--host', source.dockerHost, ...run];
}

/** The address in its log line: `msg="listening on 127.0.0.1:38317"`. */
async function listening(log: string): Promise<string | undefined> {
  return /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
}

/**
 * Starts a real registry (distribution 2.8) with deletion enabled; what it holds is gone after `stop`.
 * Throws `PartMissing` where there is none.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry & Running> {
  const parts = options.parts ?? (await findParts(process.env));
  const source = need('registry', parts.registry);
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-registry-'));
  const config = join(directory, 'config.yml');
  await writeFile(join(directory, 'htpasswd'), HTPASSWD);
  await writeFile(
    config,
    configuration(directory, `127.0.0.1:${options.port ?? 0}`, options.locked ?? false),
  );
  const { value, stop } = await startGuarded({
    argv: command(source, directory, config),
    env: { PATH: process.env['PATH'], HOME: directory },
    directory,
    ready: listening,
  });
  return { host: value, stop };
}
