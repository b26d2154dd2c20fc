import { execa } from 'execa';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from './engine.ts';
import { findParts } from './find.ts';
import { need } from './part.ts';
import { BUSYBOX_IMAGE, type Parts } from './parts.ts';

/** The image that Dockerfiles of tests and demo start from: `/bin/sh` and busybox's other applets, nothing else. */
export const BASE_IMAGE = 'warmbake/base:1';

async function writeRootFileSystem(root: string, busybox: string): Promise<void> {
  for (const folder of ['bin', 'etc', 'root', 'tmp']) await mkdir(join(root, folder));
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await copyFile(busybox, join(root, 'bin/busybox'));
  const { stdout } = await execa(busybox, ['--list']);
  for (const applet of stdout.split('\n').filter((name) => name !== 'busybox'))
    await symlink('busybox', join(root, 'bin', applet));
}

/** Puts a base image under `name` into the engine, without asking any registry. Throws `PartMissing`. */
export async function importBase(
  engine: Pick<Engine, 'env'>,
  name: string = BASE_IMAGE,
  options: { readonly parts?: Parts } = {},
): Promise<void> {
  const { env } = engine;
  const source = need('base image', (options.parts ?? (await findParts(process.env))).busybox);
  if (source.kind === 'image') {
    await execa('docker', ['tag', BUSYBOX_IMAGE, name], { env, extendEnv: false });
    return;
  }
  const root = await mkdtemp(join(tmpdir(), 'warmbake-base-'));
  try {
    await writeRootFileSystem(root, source.path);
    const archive = await execa(source.path, ['tar', '-C', root, '-cf', '-', '.'], { encoding: 'buffer' });
    await execa('docker', ['import', '-', name], { env, extendEnv: false, input: archive.stdout });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
