import { execa } from 'execa';
import type { Folder } from './packages.ts';
import { here, missing, type Part } from './part.ts';
import { NOT_FETCHED, type Plugin } from './parts.ts';
import { fetchedProgram } from './programs.ts';

/** What a plugin calls itself: `github.com/docker/buildx 0.13.1+ds1 …` → `0.13.1`; `undefined` where it does not run. */
async function asPlugin(path: string | undefined): Promise<Plugin | undefined> {
  if (path === undefined) return undefined;
  const { stdout } = await execa(path, ['version'], { reject: false, timeout: 10_000 });
  const version = / v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  return version === undefined ? undefined : { version, plugin: path };
}

async function fetchedBuildx(folder: Folder): Promise<Plugin | undefined> {
  return await asPlugin(await fetchedProgram(folder, ['usr/libexec/docker/cli-plugins/docker-buildx']));
}

/** True from version 0.`from` on, up to 0.`to`; every 1.x is newer. */
export function isMinor({ version }: Plugin, from: number, to = Infinity): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const place = major > 0 ? Number.MAX_SAFE_INTEGER : minor;
  return place >= from && place <= to;
}

function found({ version, plugin }: Plugin): Part<Plugin> {
  return here(`${version} at ${plugin}`, { version, plugin });
}

/** The plugin that is named, else the user's (its path is `existing`) where it is new enough, else the fetched one. */
export async function findBuildx(
  existing: string | undefined,
  named: string | undefined,
): Promise<Part<Plugin>> {
  const users = await asPlugin(named ?? existing);
  if (users !== undefined && isMinor(users, 13)) return found(users);
  const fetched = await fetchedBuildx('buildx');
  if (fetched !== undefined) return found(fetched);
  return missing(users === undefined ? NOT_FETCHED : `${users.version} is older than 0.13`);
}

/** A buildx from 0.13 to 0.16: the fetched one, else `newest` where it is that old. */
export async function findOldBuildx(newest: Part<Plugin>): Promise<Part<Plugin>> {
  const candidates = [await fetchedBuildx('buildx-old'), newest.state === 'here' ? newest.value : undefined];
  const old = candidates.find((plugin) => plugin !== undefined && isMinor(plugin, 13, 16));
  return old === undefined ? missing(NOT_FETCHED) : found(old);
}
