import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WarmbakeError } from '../../platform/errors.ts';

/**
 * The texts of Packer's template by their path below `packer/cpu`. In the packaged tool, which is one file, this module is
 * another one that holds them (`package/bundle.ts`).
 */
export async function packerFiles(): Promise<Readonly<Record<string, string>>> {
  const directory = directoryAbove(fileURLToPath(import.meta.url));
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((e) => e.isFile()).map((e) => path.join(e.parentPath, e.name));
  const texts = files.map(async (file) => [path.relative(directory, file), await readFile(file, 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}

/** Beside the sources as well as beside what is compiled from them. */
function directoryAbove(from: string): string {
  const parent = path.dirname(from);
  const directory = path.join(parent, 'packer', 'cpu');
  if (existsSync(path.join(directory, 'cpu.pkr.hcl'))) return directory;
  if (parent !== from) return directoryAbove(parent);
  throw new WarmbakeError('defect', 'no-packer-template', 'packer/cpu is not part of this installation');
}
