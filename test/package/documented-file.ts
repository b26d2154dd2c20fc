import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT } from '../../parts/project.ts';

/** A file that docs/ci.md shows whole: the block whose first line is a comment with its name. */
export async function documentedFile(name: string): Promise<string> {
  const page = await readFile(path.join(PROJECT, 'docs/ci.md'), 'utf8');
  const blocks = [...page.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const found = blocks.filter((block) => /^(?:#|\/\/) (\S+?),?(?:\s|$)/.exec(block)?.[1] === name);
  const [text, ...others] = found;
  if (text === undefined || others.length > 0) throw new Error(`docs/ci.md shows ${found.length} of ${name}`);
  return text;
}

/** The JSON blocks of docs/ci.md. */
export async function documentedJson(): Promise<readonly unknown[]> {
  const page = await readFile(path.join(PROJECT, 'docs/ci.md'), 'utf8');
  return [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
    ([, block = '']) => JSON.parse(block) as unknown,
  );
}
