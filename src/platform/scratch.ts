import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { WarmbakeError, messageOf } from './errors.ts';

/** Directories of runs: what `mkdtemp` makes of the prefix. */
const PREFIX = 'warmbake-';
const NAME = /^warmbake-[A-Za-z0-9]{6}$/;

/** A socket in it that answers as long as the run lives: the kernel closes it however the run ends, and it is seen from other process namespaces too. */
const ALIVE = 'alive';

/** After so long a directory without a socket is nobody's, in milliseconds: no run takes longer, and no login lasts longer. */
const NOBODYS_MS = 24 * 3_600_000;

/**
 * Makes the directory (0700) of a run in `folder`, and shows that the run lives until the process ends. Throws `config` where it cannot be
 * made.
 */
export async function openScratch(folder: string): Promise<string> {
  const directory = await mkdtemp(path.resolve(folder, PREFIX)).catch((cause: unknown) => {
    const message = `no folder for this run can be made in '${folder}': ${messageOf(cause)}`;
    throw new WarmbakeError('config', 'temporary-folder-unusable', message, {
      hint: 'set TMPDIR to a folder that this user may write to, with room in it',
      cause,
    });
  });
  await new Promise<void>((resolve) => {
    const server = createServer((socket) => socket.destroy());
    // Where the path is too long for a socket, the age of the directory has to tell.
    server.once('error', () => resolve());
    server.listen(path.join(directory, ALIVE), () => resolve()).unref();
  });
  return directory;
}

/** Whose directories are looked at, and when. */
export interface SweepOptions {
  /** Id of the user; absent where the system has none. */
  readonly uid: number | undefined;
  readonly now: Date;
}

/**
 * Removes what killed runs of this user left in `folder`: logins, secrets, definitions. A directory goes only if it has a run's name and
 * mode, belongs to the user, is no link, and its run is dead. Answers with the names; what cannot be looked at stays.
 */
export async function sweepScratch(folder: string, options: SweepOptions): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name));
  const removed: string[] = [];
  for (const name of names) {
    const directory = path.join(folder, name);
    if (!(await isLeft(directory, options).catch(() => false))) continue;
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
    removed.push(name);
  }
  return removed;
}

async function isLeft(directory: string, { uid, now }: SweepOptions): Promise<boolean> {
  const found = await lstat(directory);
  if (!found.isDirectory() || (found.mode & 0o077) !== 0) return false;
  if (uid !== undefined && found.uid !== uid) return false;
  const run = await lifeOf(path.join(directory, ALIVE));
  return run === 'unknown' ? now.getTime() - found.mtimeMs > NOBODYS_MS : run === 'dead';
}

/** Whether somebody listens; `unknown` where there is no socket. */
async function lifeOf(socket: string): Promise<'alive' | 'dead' | 'unknown'> {
  return await new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve('alive');
    });
    connection.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? 'dead' : 'unknown');
    });
  });
}
