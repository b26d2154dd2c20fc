import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../../platform/cache-directory.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { explainExit, succeeded } from '../../platform/process.ts';
import type { Packer } from './program.ts';
import { packerEnvironment } from './run.ts';
import { isOlder } from './version.ts';

/** The first Packer that has `init`; the builder is inside of those before. */
const FIRST_WITH_PLUGINS = [1, 7, 0] as const;

/** SHA-256 of the plugin's program (amazon 1.3.9). For other machines it has to be given: the release's own list proves nothing to us. */
const KNOWN: Readonly<Record<string, string>> = {
  'packer-plugin-amazon_v1.3.9_x5.0_linux_amd64':
    'a46e0d719dfc34e51ecaf50b9b575087a8007e3df2d856ed19fb91714539b87b',
};

/** Gives the checksum of the plugin's program where it is not known. */
export const PLUGIN_SHA256 = 'WARMBAKE_PACKER_PLUGIN_SHA256';

/**
 * Installs the plugin that `plugins.pkr.hcl` pins, in the user's cache directory, so that what other jobs have installed is not
 * used. Answers with the variables that Packer then needs. Throws `outside` where it cannot be had or is another one.
 */
export async function installPlugin(
  host: Host,
  packer: Packer,
  { file }: { readonly file: string },
): Promise<Readonly<Record<string, string>>> {
  if (isOlder(packer.version, FIRST_WITH_PLUGINS)) return {};
  const directory = path.join(cacheDirectory(host.env) ?? host.scratch, 'packer', 'plugins');
  const env = { ...packerEnvironment(host, host.scratch), PACKER_PLUGIN_PATH: directory };
  const finished = await host.processes.run(
    { argv: [packer.program, 'init', file], env, timeoutMs: 300_000 },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  if (!succeeded(finished)) {
    throw new WarmbakeError('outside', 'no-packer-plugin', `packer init: ${explainExit(finished)}`, {
      hint: 'GitHub allows 60 anonymous requests an hour: PACKER_GITHUB_API_TOKEN raises that',
    });
  }
  await requireKnown(directory, host.env[PLUGIN_SHA256]);
  return { PACKER_PLUGIN_PATH: directory };
}

/** Packer starts every plugin that it finds: there may be the pinned one and nothing else. */
async function requireKnown(directory: string, given: string | undefined): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && !entry.name.endsWith('_SHA256SUM'));
  for (const { name, parentPath } of files) {
    const expected = KNOWN[name] ?? (name.startsWith('packer-plugin-amazon_v1.3.9_') ? given : undefined);
    const content = await readFile(path.join(parentPath, name));
    const digest = createHash('sha256').update(content).digest('hex');
    if (digest === expected) continue;
    const fault =
      expected === undefined
        ? `${name} has SHA-256 ${digest}, and which it must have is not known`
        : `${name} has SHA-256 ${digest}, not ${expected}`;
    throw new WarmbakeError('outside', 'bad-packer-plugin', fault, {
      hint: `remove ${directory} and run this again; on machines other than linux/amd64 set ${PLUGIN_SHA256} to what you trust`,
    });
  }
}
