import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { PROJECT } from '../parts/project.ts';

const manifest = z.object({ name: z.string(), version: z.string(), license: z.string().default('unknown') });

/** Licences of the tool, of everything that is packaged with it, and of Node where its licence file `node` is named. */
export async function licencesText(modules: readonly string[], node?: string): Promise<string> {
  const packages = new Set(modules.flatMap((file) => packageOf(file) ?? []));
  const texts = await Promise.all([PROJECT, ...[...packages].toSorted()].map(licenceOf));
  const all = node === undefined ? texts : [...texts, `Node.js\n\n${await readFile(node, 'utf8')}`];
  return `${all.map((text) => text.trim()).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
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
