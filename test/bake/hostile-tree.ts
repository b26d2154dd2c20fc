import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A checkout made to mislead: links out of it and in it, and folders that are called as addresses are. */
export interface HostileTree extends AsyncDisposable {
  /** The checkout. */
  readonly root: string;
  /** A folder beside it, with a file `secret`. */
  readonly outside: string;
}

/** Folders of the checkout; each has a file `file` and a Dockerfile. */
export const FOLDERS = [
  '',
  'sub',
  'sub/deep',
  'a b',
  'a,b',
  'a:b',
  'C:',
  'cwd:',
  'docker-image:',
  'git@example.com:',
  'github.com/o',
  'https:',
  'oci-layout:',
  'target:',
  'ü',
] as const;

/** Links of the checkout, with what they lead to: in the checkout, or (`/…`) in the folder that holds both. */
export const LINKS = {
  in: 'sub/deep',
  out: '/outside',
  'sub/up': '/',
  'sub/file-out': '/outside/secret',
  'sub/file-in': 'file',
  'github.com/o/out': '/outside',
  'https:/out': '/outside',
  loop: 'loop',
  self: '/proc/self/cwd',
} as const;

/** Makes one in the system's folder for temporary files. */
export async function makeHostileTree(): Promise<HostileTree> {
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), 'warmbake-hostile-')));
  const [root, outside] = [path.join(directory, 'checkout'), path.join(directory, 'outside')];
  for (const folder of [...FOLDERS.map((name) => path.join(root, name)), outside]) {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'file'), 'theirs\n');
    await writeFile(path.join(folder, 'Dockerfile'), 'FROM scratch\n');
  }
  await writeFile(path.join(outside, 'secret'), 'ours\n');
  for (const [name, target] of Object.entries(LINKS)) {
    const near = target.startsWith('/') && !target.startsWith('/proc');
    await symlink(near ? path.join(directory, target) : target, path.join(root, name));
  }
  return {
    root,
    outside,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
