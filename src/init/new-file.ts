import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError } from '../platform/errors.ts';
import { requireOwnFile } from '../platform/own-file.ts';

/** What became of a file. */
export type FileState = 'planned' | 'written' | 'unchanged' | 'exists';

/** A file to be written, from the top of the checkout. */
export interface NewFile {
  readonly file: string;
  readonly text: string;
}

/** A file with what became of it. */
export type PutFile = NewFile & { readonly state: FileState };

/** What is there by the name of `file` now: nothing, the same, or something else, which is never touched. */
export async function fileState(
  root: string,
  { file, text }: NewFile,
): Promise<'planned' | 'unchanged' | 'exists'> {
  const name = path.join(root, file);
  if ((await lstat(name).catch(() => undefined)) === undefined) return 'planned';
  return (await readFile(name, 'utf8').catch(() => undefined)) === text ? 'unchanged' : 'exists';
}

/**
 * Writes a file that is not there, and the folders that lead to it. Throws `usage` where a part of the way is a link or no folder, so that
 * nothing is written outside of the checkout, and `refused` where the file has appeared meanwhile.
 */
async function writeNew(root: string, { file, text }: NewFile): Promise<void> {
  const name = path.join(root, file);
  await makeFolders(root, path.dirname(file));
  await requireOwnFile(name, { root, option: file });
  try {
    await writeFile(name, text, { flag: 'wx' });
  } catch (cause) {
    throw new WarmbakeError('refused', 'file-exists', `'${file}' cannot be written`, { cause });
  }
}

/** Writes those of `files` that are not there, in their order, or says which it would with `isDry`; others stay as they are. */
export async function putNew(
  root: string,
  files: readonly NewFile[],
  { isDry }: { readonly isDry: boolean },
): Promise<readonly PutFile[]> {
  const states = await Promise.all(files.map(async (one) => ({ ...one, state: await fileState(root, one) })));
  if (isDry) return states;
  for (const one of states) if (one.state === 'planned') await writeNew(root, one);
  return states.map((one) => (one.state === 'planned' ? { ...one, state: 'written' } : one));
}

async function makeFolders(root: string, folder: string): Promise<void> {
  let at = root;
  for (const part of folder.split('/').filter((one) => one !== '.')) {
    at = path.join(at, part);
    const there = await lstat(at).catch(() => undefined);
    if (there === undefined) await mkdir(at);
    else if (!there.isDirectory()) {
      throw new WarmbakeError('usage', 'file-unusable', `'${path.relative(root, at)}' is no folder`, {
        hint: 'a link is not followed: what is written stays in the checkout',
      });
    }
  }
}
