import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { PARTS } from '../parts/project.ts';

/** Architectures of the executables, as Node names them. */
export const ARCHITECTURES = ['x64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/**
 * The Node inside of the executables: the newest long-term line whose Linux builds need nothing but glibc 2.28 and libstdc++
 * (26 needs libatomic, which Amazon Linux does not have). The packages hold the official builds; integrity as in a lock file.
 */
export const NODE_VERSION = '24.21.0';
const INTEGRITY = {
  x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
} as const satisfies Record<Architecture, string>;

/** What a Node package holds that is used here. */
export interface NodeBinary {
  readonly program: string;
  /** Licence of Node and of what is in it. */
  readonly licence: string;
}

/** Where a Node package is unpacked to. */
function folderOf(arch: Architecture): string {
  return path.join(PARTS, `node-${NODE_VERSION}-${arch}`);
}

/** The Node that {@link fetchNode} has fetched; `undefined` where it has not. */
export async function fetchedNode(arch: Architecture): Promise<NodeBinary | undefined> {
  const folder = folderOf(arch);
  const binary = { program: path.join(folder, 'bin/node'), licence: path.join(folder, 'LICENSE') };
  return await access(folder).then(
    () => binary,
    () => undefined,
  );
}

/** Fetches Node with npm, checks it and keeps it in `.parts/`. Throws where it cannot be had or is another than expected. */
export async function fetchNode(arch: Architecture): Promise<NodeBinary> {
  const before = await fetchedNode(arch);
  if (before !== undefined) return before;
  await mkdir(PARTS, { recursive: true });
  const scratch = await mkdtemp(path.join(PARTS, 'node-'));
  try {
    const name = `node-linux-${arch}@${NODE_VERSION}`;
    // The destination comes by --pack-destination: npm packs for any architecture, but installs only for its own.
    await execa('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', scratch, name], {
      timeout: 300_000,
    });
    const archive = path.join(scratch, `node-linux-${arch}-${NODE_VERSION}.tgz`);
    await requireIntegrity(archive, INTEGRITY[arch]);
    const files = ['package/bin/node', 'package/LICENSE'];
    await execa('tar', ['-xzf', archive, '-C', scratch, '--strip-components=1', ...files]);
    await rm(archive);
    await rename(scratch, folderOf(arch));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return await fetchNode(arch);
}

async function requireIntegrity(file: string, expected: string): Promise<void> {
  const found = `sha512-${createHash('sha512')
    .update(await readFile(file))
    .digest('base64')}`;
  if (found !== expected)
    throw new Error(`${path.basename(file)} has integrity ${found}, expected ${expected}`);
}
