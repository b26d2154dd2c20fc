import { execa } from 'execa';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BUILT_STAMP,
  builtFolder,
  builtStampOf,
  modulesOf,
  type BuiltFolder,
  type GoModule,
} from './go-programs.ts';
import { PARTS } from './project.ts';

/** Two busy cores need ten minutes for the largest module. */
const BUILD_MS = 3_600_000;
const DOWNLOAD_MS = 300_000;

/** Without C, so that the programs run in an empty image; modules are as their own go.sum has them. */
const ENV = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=readonly', GOWORK: 'off' };

/** What `go mod download -json` prints. */
interface Downloaded {
  readonly Dir?: string;
  readonly Sum?: string;
  readonly Error?: string;
}

/** The last line that Go said: the one with the cause. */
function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

async function download(go: string, { module, version, sum }: GoModule, cwd: string): Promise<string> {
  const argv = ['mod', 'download', '-json', `${module}@${version}`];
  const { stdout, stderr, shortMessage } = await execa(go, argv, {
    cwd,
    // There is no module here that could be changed.
    env: { ...ENV, GOFLAGS: '-buildvcs=false' },
    reject: false,
    timeout: DOWNLOAD_MS,
  });
  const said = stdout.startsWith('{') ? (JSON.parse(stdout) as Downloaded) : {};
  if (said.Dir === undefined) throw new Error(lastLine(said.Error ?? stderr) || shortMessage);
  if (said.Sum !== sum) throw new Error(`${module}@${version} has the checksum ${said.Sum}, not ${sum}`);
  return said.Dir;
}

/** In the module's own folder, since its replacements count there only: `go install MODULE@VERSION` refuses those. */
async function build(go: string, built: GoModule, into: string): Promise<void> {
  const cwd = await download(go, built, into);
  const linked = Object.entries(built.linked ?? {}).map(([name, value]) => ` -X ${name}=${value}`);
  for (const [program, name] of Object.entries(built.programs)) {
    const flags = ['-trimpath', '-ldflags', `-s -w${linked.join('')}`, '-o', join(into, program)];
    const options = { cwd, env: ENV, reject: false, timeout: BUILD_MS } as const;
    const finished = await execa('nice', ['-n', '19', go, 'build', ...flags, name], options);
    if (finished.failed) throw new Error(lastLine(finished.stderr) || finished.shortMessage);
  }
}

/**
 * Builds the programs of a folder below `.parts/`, at low priority; Go's own caches are where Go has them. The folder appears in one
 * rename when it is complete. Throws with Go's words where the modules cannot be had or do not build.
 */
export async function buildFolder(go: string, folder: BuiltFolder): Promise<void> {
  await mkdir(PARTS, { recursive: true });
  const aside = await mkdtemp(join(PARTS, `incoming-${process.pid}-`));
  try {
    for (const built of modulesOf(folder)) await build(go, built, aside);
    await chmod(aside, 0o755);
    await writeFile(join(aside, BUILT_STAMP), builtStampOf(folder));
    if ((await builtFolder(folder)) !== undefined) return;
    await rm(join(PARTS, folder), { recursive: true, force: true });
    await rename(aside, join(PARTS, folder));
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
