import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

const manifest = z.object({ name: z.string(), version: z.string(), license: z.string().default('unknown') });

/** Licences of everything that is packaged beside the tool itself, for those who get it as one file. */
export async function licencesText(modules: readonly string[], node: string | undefined): Promise<string> {
  const directories = new Set(modules.flatMap((file) => packageOf(file) ?? []));
  const texts = await Promise.all([...directories].toSorted().map(licenceOf));
  const ofNode = node === undefined ? [] : [`Node.js\n\n${await readFile(node, 'utf8')}`];
  return [...texts, ...ofNode]
    .map((text) => text.trim())
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}

/** The directory of the package that a module belongs to. */
function packageOf(file: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

async function licenceOf(directory: string): Promise<string> {
  const { name, version, license } = manifest.parse(
    JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8')),
  );
  const file = (await readdir(directory)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : await readFile(path.join(directory, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text}`;
}
