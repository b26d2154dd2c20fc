import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { releaseMachine } from './machine.ts';
import { pinnedContents } from './pinned-file.ts';
import type { Packer } from './program.ts';
import { isOlder } from './version.ts';

/** The first Packer without the builder inside. */
const FIRST_WITH_PLUGINS = [1, 7, 0] as const;

/** The plugin for Amazon: its name tells the version of its protocol too. */
const PLUGIN_VERSION = '1.3.9';
const SOURCE = 'github.com/hashicorp/amazon';
const RELEASES = 'https://github.com/hashicorp/packer-plugin-amazon/releases/download';

/** SHA-256 of the plugin's program. For other machines it has to be given: the release's own list proves nothing to us. */
const KNOWN: Readonly<Record<string, string>> = {
  linux_amd64: 'a46e0d719dfc34e51ecaf50b9b575087a8007e3df2d856ed19fb91714539b87b',
};

/** Another release of the plugin than the pinned one. */
export interface PluginChoice {
  /** Where releases are fetched from, each in a folder `vVERSION`. */
  readonly releases?: string;
  /** `1.2.3` */
  readonly version?: string;
  /** 64 hex digits, of its program. */
  readonly sha256?: string;
}

/** Gives the checksum of the plugin's program where it is not known. */
export const PLUGIN_SHA256 = 'WARMBAKE_PACKER_PLUGIN_SHA256';

/**
 * Lays the plugin out for Packer in a folder of this run, with nothing beside it, and its checksum looked at before Packer knows of it:
 * `packer init` would start whatever it has fetched. Answers with the variables that Packer then needs. Throws `outside` where the plugin
 * cannot be had or is another one.
 */
export async function installPlugin(
  host: Host,
  packer: Packer,
  { releases = RELEASES, version = PLUGIN_VERSION, sha256: named }: PluginChoice = {},
): Promise<Readonly<Record<string, string>>> {
  if (isOlder(packer.version, FIRST_WITH_PLUGINS)) return {};
  const machine = await releaseMachine(host);
  const build = typeof machine === 'string' ? machine : `${machine.os}_${machine.arch}`;
  const name = `packer-plugin-amazon_v${version}_x5.0_${build}`;
  const sha256 = named ?? (version === PLUGIN_VERSION ? KNOWN[build] : undefined) ?? host.env[PLUGIN_SHA256];
  if (typeof machine === 'string' || sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new WarmbakeError('outside', 'no-packer-plugin', `which SHA-256 ${name} must have is not known`, {
      hint: `set ${PLUGIN_SHA256} to that of the program that you trust, 64 hex digits`,
    });
  }
  const file = { url: `${releases}/v${version}/${name}.zip`, sha256, entry: name };
  const bytes = await pinnedContents(host, file).catch((error: unknown) => {
    host.signal.throwIfAborted();
    throw new WarmbakeError('outside', 'no-packer-plugin', `cannot use ${file.url}: ${messageOf(error)}`);
  });
  // What Packer looks for (Packer's "Plugin loading"): the program below its source, and its checksum, in hex and nothing else.
  const root = path.join(host.scratch, 'packer-plugins');
  const directory = path.join(root, ...SOURCE.split('/'));
  await rm(root, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(path.join(directory, name), bytes, { mode: 0o755 });
  await writeFile(path.join(directory, `${name}_SHA256SUM`), sha256);
  return { PACKER_PLUGIN_PATH: root };
}
