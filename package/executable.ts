import { copyFile, chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { execa } from 'execa';
import { loaderText } from './loader.ts';
import type { Architecture } from './node-binary.ts';

/** Name of the file that runs on Linux machines of an architecture; `warmbake.sh` knows it too. */
export function executableName(arch: Architecture): string {
  return `warmbake-linux-${arch}`;
}

/** Where Node's single-executable format looks for the program, and the mark that says that there is one. */
export const RESOURCE = 'NODE_SEA_BLOB';
export const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Makes the blob of an executable from the pieces, in `scratch`; `node` has to be the version that will run it. Without code
 * cache and snapshot it is the same for every architecture, and with paths relative to `scratch` whenever it is made.
 */
export async function makeBlob(
  texts: Readonly<Record<string, string>>,
  node: string,
  { scratch }: { readonly scratch: string },
): Promise<string> {
  const config = {
    main: 'loader.cjs',
    output: 'blob',
    disableExperimentalSEAWarning: true,
    useCodeCache: false,
    useSnapshot: false,
    // NODE_OPTIONS of a job is about the job's own Node.
    execArgvExtension: 'none',
    assets: Object.fromEntries(Object.keys(texts).map((name) => [name, name])),
  };
  const files = { ...texts, [config.main]: loaderText({ in: 'assets' }), 'sea.json': JSON.stringify(config) };
  await mkdir(scratch, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(scratch, name), text);
  await execa(node, ['--experimental-sea-config', 'sea.json'], { cwd: scratch });
  return path.join(scratch, config.output);
}

/** Copies `node` to `out` with the blob inside. */
export async function makeExecutable(
  node: string,
  blob: string,
  { out }: { readonly out: string },
): Promise<void> {
  await copyFile(node, out);
  await chmod(out, 0o755);
  const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
  await execa(process.execPath, [postject, out, RESOURCE, blob, '--sentinel-fuse', FUSE]);
}
