import { link, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError } from '../platform/errors.ts';
import { LARGEST_ENTRY, entryTooLarge } from './entry-limit.ts';
import type { StoredEntry, StateStore } from './store.ts';

/**
 * A store in a directory that its users share. A key is a folder, a version a file in it that is named by its number: a
 * link is made or is there already, on a network file system too, so two writers never both win, and a killed one leaves no lock.
 */
export function openDirectoryStore(directory: string): StateStore {
  const folderOf = (key: string): string => path.join(directory, ...key.split('/'));
  return {
    place: directory,
    read: async (key) => await reaching(directory, async () => await readNewest(folderOf(key))),
    write: async (key, text, { expected }) =>
      await reaching(
        directory,
        async () => await writeNext(folderOf(key), text, { number: Number(expected ?? 0) + 1 }),
      ),
    keys: async (folder) =>
      await reaching(directory, async () => (await listFolder(folderOf(folder))).toSorted()),
  };
}

async function readNewest(folder: string): Promise<StoredEntry | undefined> {
  for (;;) {
    const newest = await newestIn(folder);
    if (newest === 0) return undefined;
    try {
      const file = path.join(folder, String(newest));
      const { size } = await stat(file);
      if (size > LARGEST_ENTRY) throw entryTooLarge(file);
      return { text: await readFile(file, 'utf8'), version: String(newest) };
    } catch (error) {
      // A writer has put a newer one in its place meanwhile.
      if (!isAbsence(error)) throw error;
    }
  }
}

async function writeNext(
  folder: string,
  text: string,
  { number }: { readonly number: number },
): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  const aside = await mkdtemp(path.join(folder, '.writing-'));
  try {
    const complete = path.join(aside, 'text');
    await writeFile(complete, text);
    await link(complete, path.join(folder, String(number)));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  const versions = await versionsIn(folder);
  // Number 1 is free again when later ones have replaced it.
  if (versions.some((version) => version > number)) {
    await rm(path.join(folder, String(number)), { force: true });
    return undefined;
  }
  for (const version of versions.filter((one) => one < number))
    await rm(path.join(folder, String(version)), { force: true });
  return String(number);
}

async function newestIn(folder: string): Promise<number> {
  return Math.max(0, ...(await versionsIn(folder)));
}

async function versionsIn(folder: string): Promise<readonly number[]> {
  return (await listFolder(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

async function reaching<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof WarmbakeError) throw cause;
    throw new WarmbakeError('outside', 'state-unreachable', `state store '${directory}' cannot be used`, {
      cause,
    });
  }
}

function isAbsence(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
