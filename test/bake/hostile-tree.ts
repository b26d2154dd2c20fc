import { generateKeyPairSync } from 'node:crypto';
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
  'policed',
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
  'cwd:/only-here': '/outside',
  'oci-layout:/only-here': '/outside',
  'policed/Dockerfile.rego': '/outside/secret',
  'small/dockerfile': '/outside/secret',
  'small-policed/dockerfile.rego': '/outside/secret',
  'github.com/o/out': '/outside',
  'https:/out': '/outside',
  loop: 'loop',
  self: '/proc/self/cwd',
} as const;

/** What its files hold, Dockerfiles but for: buildx looks whether a key of ssh is one. */
const KEY = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });

/** Makes one in the system's folder for temporary files. */
export async function makeHostileTree(): Promise<HostileTree> {
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), 'warmbake-hostile-')));
  const [root, outside] = [path.join(directory, 'checkout'), path.join(directory, 'outside')];
  for (const folder of [...FOLDERS.map((name) => path.join(root, name)), outside]) {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'file'), KEY);
    await writeFile(path.join(folder, 'Dockerfile'), 'FROM scratch\n');
  }
  await writeFile(path.join(outside, 'secret'), KEY);
  for (const [name, target] of Object.entries(LINKS)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    const near = target.startsWith('/') && !target.startsWith('/proc');
    await symlink(near ? path.join(directory, target) : target, path.join(root, name));
  }
  return {
    root,
    outside,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
