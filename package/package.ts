// `npm run package [-- --out DIRECTORY] [--location URL]`: the tool as one file, as executables, and what goes with them.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { constants, gzipSync } from 'node:zlib';
import { VERSION } from '../src/platform/version.ts';
import { PROJECT } from '../parts/project.ts';
import { deliveryFiles } from './deliveries.ts';
import { executableName, makeBlob, makeExecutable } from './executable.ts';
import { launcherText } from './launcher.ts';
import { licencesText } from './licences.ts';
import { loaderText } from './loader.ts';
import { ARCHITECTURES, type Architecture, type NodeBinary, fetchNode } from './node-binary.ts';
import { makePieces } from './pieces.ts';

const { values } = parseArgs({
  options: {
    /** Where the files go. */
    out: { type: 'string', default: path.join(PROJECT, 'dist/release') },
    /** Where their users will fetch them from; goes into warmbake.sh. */
    location: { type: 'string', default: '' },
  },
});
const out = path.resolve(values.out);
const scratch = await mkdtemp(path.join(tmpdir(), 'warmbake-package-'));
const sums = new Map<string, string>();

/** Checksums go into a list as files are finished. */
async function finished(name: string): Promise<void> {
  const content = await readFile(path.join(out, name));
  sums.set(name, createHash('sha256').update(content).digest('hex'));
  console.log(`${(content.length / 1e6).toFixed(1).padStart(6)} MB  ${name}`);
}

async function put(name: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(path.join(out, name)), { recursive: true });
  await writeFile(path.join(out, name), text, { mode });
  await finished(name);
}

/** A Node that runs here makes the blob; the same one for all. */
async function putExecutables(texts: Readonly<Record<string, string>>): Promise<NodeBinary> {
  const nodes = new Map<Architecture, NodeBinary>();
  for (const arch of ARCHITECTURES) nodes.set(arch, await fetchNode(arch));
  const here = nodes.get(process.arch === 'arm64' ? 'arm64' : 'x64');
  if (here === undefined) throw new Error('no Node for this machine');
  const blob = await makeBlob(texts, here.program, { scratch });
  for (const [arch, { program }] of nodes) {
    const name = executableName(arch);
    await makeExecutable(program, blob, { out: path.join(out, name) });
    await finished(name);
    await putPacked(name);
  }
  return here;
}

/** A third of the size, for the way to the machines. Stronger compression takes three times as long and saves a tenth. */
async function putPacked(name: string): Promise<void> {
  const packed = gzipSync(await readFile(path.join(out, name)), { level: constants.Z_BEST_SPEED });
  await writeFile(path.join(out, `${name}.gz`), packed);
  await finished(`${name}.gz`);
}

try {
  await mkdir(out, { recursive: true });
  const { texts, modules } = await makePieces();
  await put('warmbake.cjs', loaderText({ in: 'text', texts }), 0o755);
  const node = await putExecutables(texts);
  const [x64 = '', arm64 = ''] = ARCHITECTURES.map((arch) => sums.get(executableName(arch)));
  const pinned = { version: VERSION, sha256: { x64, arm64 }, location: values.location };
  const launcher = await launcherText(pinned);
  await put('warmbake.sh', launcher, 0o755);
  for (const { name, text, mode } of await deliveryFiles(launcher)) await put(name, text, mode);
  await put('LICENCES.txt', await licencesText(modules, node.licence));
  await writeFile(path.join(out, 'SHA256SUMS'), [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join(''));
  console.log(`in ${out}`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
