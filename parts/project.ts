import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function rootAbove(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`);
  return rootAbove(parent);
}

/** Top directory of this project; the same for the sources and for what is compiled into `dist/`. */
export const PROJECT = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** Git-ignored folder for everything fetched; deleting it is always safe. */
export const PARTS = join(PROJECT, '.parts');
