import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fetchedFolder, type Folder } from './packages.ts';

async function firstExecutable(candidates: readonly string[]): Promise<string | undefined> {
  for (const path of candidates) {
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}

/** The first of `paths` that is a program in a fetched folder. */
export async function fetchedProgram(folder: Folder, paths: readonly string[]): Promise<string | undefined> {
  const root = await fetchedFolder(folder);
  return root === undefined ? undefined : await firstExecutable(paths.map((path) => join(root, path)));
}

/** A program of this name in the folders of `searchPath` (PATH). */
export async function installedProgram(name: string, searchPath: string): Promise<string | undefined> {
  return await firstExecutable(searchPath.split(delimiter).map((directory) => join(directory, name)));
}

/** The fetched folders for libraries beside a fetched `program` (in usr/bin or usr/sbin), as LD_LIBRARY_PATH has them. */
export async function librariesBeside(program: string): Promise<string> {
  const lib = join(dirname(program), '../lib');
  const names = await readdir(lib).catch((): string[] => []);
  return names
    .filter((name) => name.includes('-linux-'))
    .map((name) => join(lib, name))
    .join(delimiter);
}
