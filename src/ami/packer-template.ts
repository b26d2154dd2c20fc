import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Host } from '../platform/host.ts';
import { packerFiles } from './packer-files.ts';

/** Lays Packer's template out for this run; answers with its directory. */
export async function packerTemplate({ scratch }: Pick<Host, 'scratch'>): Promise<string> {
  const directory = path.join(scratch, 'packer-template');
  for (const [name, text] of Object.entries(await packerFiles())) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    // Packer runs those of this machine as programs.
    await writeFile(file, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  return directory;
}
