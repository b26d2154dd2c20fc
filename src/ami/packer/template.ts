import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Host } from '../../platform/host.ts';
import { packerFiles } from './files.ts';

/** What instances of the image run on. */
const PLATFORM = 'linux/amd64';

/**
 * Lays Packer's template out for this run; answers with its directory. Where this program runs by itself it comes along as
 * `files/warmbake`: the image carries what has made it, so that jobs on it fetch nothing.
 */
export async function packerTemplate(
  host: Pick<Host, 'scratch' | 'executable' | 'platform'>,
): Promise<string> {
  const directory = path.join(host.scratch, 'packer-template');
  for (const [name, text] of Object.entries(await packerFiles())) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    // Packer runs those of this machine as programs.
    await writeFile(file, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  if (host.executable !== undefined && host.platform === PLATFORM) {
    await copyFile(host.executable, path.join(directory, 'files', 'warmbake'));
  }
  return directory;
}
