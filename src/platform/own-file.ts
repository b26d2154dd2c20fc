import { randomUUID } from 'node:crypto';
import { lstat, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError } from './errors.ts';

/**
 * Throws `usage` where a file that a caller named cannot be written, or not without following what a checkout's content says: its folder
 * must be there and in no `.git` of the checkout, below `root` no folder of its path may be a link, and what has its name must be a plain
 * file. `option` is told.
 */
export async function requireOwnFile(
  file: string,
  { root, option }: { readonly root: string; readonly option: string },
): Promise<void> {
  const folder = path.dirname(file);
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined) throw unusable(option, `the folder of '${file}' is not there`, 'make it first');
  if (real !== (await withoutLinksBelow(await realpath(root), folder))) {
    throw unusable(option, `'${folder}' is a link in the checkout, to '${real}'`, OTHER_PLACE);
  }
  const [first, ...below] = path.relative(await realpath(root), real).split(path.sep);
  // In any case: file systems of some machines know no difference.
  if (first !== '..' && [first, ...below].some((name) => name?.toLowerCase() === '.git')) {
    throw unusable(
      option,
      `'${file}' is in a .git of the checkout, where git looks for its settings`,
      OTHER_PLACE,
    );
  }
  const there = await lstat(file).catch(() => undefined);
  if (there === undefined || there.isFile()) return;
  const what = there.isSymbolicLink() ? 'a link' : 'not a file';
  throw unusable(option, `'${file}' is ${what}`, OTHER_PLACE);
}

/** Where `folder` is if nothing in `root` is a link; links on the way to `root` are the machine's own. */
async function withoutLinksBelow(root: string, folder: string): Promise<string> {
  const names = folder.split(path.sep);
  for (const index of names.keys()) {
    const real = await realpath(names.slice(0, index + 1).join(path.sep) + path.sep);
    if (`${real}${path.sep}`.startsWith(`${root}${path.sep}`))
      return path.join(real, ...names.slice(index + 1));
  }
  return await realpath(folder);
}

const OTHER_PLACE = 'name a file in a folder of your own, outside of the checkout';

/** Writes such a file whole: beside it first, then under its name, which follows no link. */
export async function writeOwnFile(
  file: string,
  text: string,
  where: { readonly root: string; readonly option: string },
): Promise<void> {
  await requireOwnFile(file, where);
  const beside = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`);
  try {
    await writeFile(beside, text, { flag: 'wx' });
    await rename(beside, file);
  } catch (cause) {
    await rm(beside, { force: true });
    throw new WarmbakeError('usage', 'file-not-written', `${where.option}: cannot write '${file}'`, {
      cause,
    });
  }
}

function unusable(option: string, because: string, hint: string): WarmbakeError {
  return new WarmbakeError('usage', 'file-unusable', `${option}: ${because}`, { hint });
}
