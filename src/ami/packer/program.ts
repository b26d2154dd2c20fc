import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { succeeded } from '../../platform/process.ts';
import { zipEntry } from '../../platform/zip-entry.ts';
import { releaseMachine } from './machine.ts';
import { type PinnedFile, pinnedContents, sha256Of } from './pinned-file.ts';
import { type Version, isOlder, parseVersion, versionText } from './version.ts';

/** A Packer that runs here. */
export interface Packer {
  /** Its program, as it is started. */
  readonly program: string;
  readonly version: Version;
}

/** The oldest whose builder knows everything that the template says. */
const OLDEST: Version = [1, 6, 6];

/**
 * HashiCorp's release, SHA-256 of its zip files. The same numbers are in HashiCorp's own Homebrew formula of that release.
 */
const PINNED = {
  version: '1.14.3',
  sha256: {
    amd64: '95041cc0a30f05d5583be26a7c0b715f488e461418ce0c5d88ba204cb092bef1',
    arm64: '42d920291ff495702004eb941b56143dc3efd9b66743fd949b19156422029847',
  },
} as const;

/** In place of the pinned release: a program of this machine. */
export interface OwnPacker {
  /** A path, or a name on PATH. */
  readonly program: string;
  /** 64 hex digits; `any` runs it as it is. */
  readonly sha256: string;
}

/** How {@link findPacker} may be told what to take. */
export interface PackerChoice {
  readonly own?: OwnPacker;
  /** Another release than the pinned one. */
  readonly release?: PinnedFile;
}

/** What is taken, for a plan. */
export function packerText({ own }: PackerChoice): string {
  if (own === undefined) return `Packer ${PINNED.version}, pinned`;
  return own.sha256 === 'any'
    ? `${own.program}, whatever it is (--packer-checksum any)`
    : `${own.program} with SHA-256 ${own.sha256.slice(0, 12)}…`;
}

/**
 * Packer, as a copy of this run whose checksum was looked at before it is started for the first time: the pinned release, kept in the
 * user's cache directory, or the program that was named. Nothing on PATH is taken unasked. Throws `config` where the named one is unfit,
 * `refused` where it is another one, `outside` where none can be had.
 */
export async function findPacker(host: Host, { own, release }: PackerChoice = {}): Promise<Packer> {
  if (own === undefined) return await releasedPacker(host, release ?? (await pinnedRelease(host)));
  const { program, sha256 } = own;
  const found = await ask(host, sha256 === 'any' ? program : await checkedCopy(host, { program, sha256 }));
  if (found !== undefined && !isOlder(found.version, OLDEST)) return found;
  const what = found === undefined ? 'is not Packer' : `is Packer ${versionText(found.version)}`;
  throw new WarmbakeError('config', 'unfit-packer', `'${program}' ${what}; 1.6.6 or later is needed`);
}

async function ask(host: Host, program: string): Promise<Packer | undefined> {
  const env = { PATH: host.env['PATH'] ?? '', HOME: host.scratch, CHECKPOINT_DISABLE: '1' };
  const finished = await host.processes.run(
    { argv: [program, 'version'], env, timeoutMs: 30_000 },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  const version = succeeded(finished) ? parseVersion(finished.stdout) : undefined;
  return version === undefined ? undefined : { program, version };
}

async function checkedCopy(host: Host, { program, sha256 }: OwnPacker): Promise<string> {
  const places = program.includes('/')
    ? [path.resolve(host.cwd, program)]
    : (host.env['PATH'] ?? '')
        .split(':')
        .flatMap((folder) => (folder === '' ? [] : [path.join(folder, program)]));
  for (const place of places) {
    const bytes = await readFile(place).catch(() => undefined);
    if (bytes === undefined) continue;
    const digest = sha256Of(bytes);
    if (digest === sha256) return await ownCopy(host, bytes);
    throw new WarmbakeError('refused', 'other-packer', `'${place}' has SHA-256 ${digest}, not ${sha256}`, {
      hint: 'if it is the one that you mean, name its checksum with --packer-checksum',
    });
  }
  throw new WarmbakeError('config', 'unfit-packer', `there is no program '${program}'`);
}

/** Nobody can change it between the look at it and its start. */
async function ownCopy(host: Host, bytes: Uint8Array): Promise<string> {
  const directory = path.join(host.scratch, 'packer-program');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const program = path.join(directory, 'packer');
  await writeFile(program, bytes, { mode: 0o755 });
  return program;
}

async function pinnedRelease(host: Host): Promise<PinnedFile> {
  const machine = await releaseMachine(host);
  if (typeof machine === 'string' || machine.os !== 'linux') {
    const name = typeof machine === 'string' ? machine : `${machine.os} ${machine.arch}`;
    throw new WarmbakeError('outside', 'no-packer', `no Packer is pinned for '${name}'`, { hint: OWN });
  }
  const { version, sha256 } = PINNED;
  const file = `packer_${version}_linux_${machine.arch}.zip`;
  return { url: `https://releases.hashicorp.com/packer/${version}/${file}`, sha256: sha256[machine.arch] };
}

const OWN = 'name a Packer 1.6.6 or later and its checksum: --packer and --packer-checksum';

async function releasedPacker(host: Host, release: PinnedFile): Promise<Packer> {
  const unusable = (because: string): WarmbakeError =>
    new WarmbakeError('outside', 'no-packer', `cannot use ${release.url}: ${because}`, { hint: OWN });
  const archive = await pinnedContents(host, release).catch((error: unknown) => {
    host.signal.throwIfAborted();
    throw unusable(messageOf(error));
  });
  const bytes = zipEntry(archive, 'packer');
  if (bytes === undefined) throw unusable('the zip file has no program packer');
  const found = await ask(host, await ownCopy(host, bytes));
  if (found === undefined) throw unusable('its program does not run here');
  return found;
}
