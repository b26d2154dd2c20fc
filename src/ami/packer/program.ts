import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import path from 'node:path';
import { cacheDirectory } from '../../platform/cache-directory.ts';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { succeeded } from '../../platform/process.ts';
import { within } from '../../platform/time-limit.ts';
import { zipEntry } from '../../platform/zip-entry.ts';
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
 * What is fetched where there is no Packer: HashiCorp's release, SHA-256 of its zip files. The same numbers are in HashiCorp's own
 * Homebrew formula of that release.
 */
const PINNED = {
  version: '1.14.3',
  sha256: {
    amd64: '95041cc0a30f05d5583be26a7c0b715f488e461418ce0c5d88ba204cb092bef1',
    arm64: '42d920291ff495702004eb941b56143dc3efd9b66743fd949b19156422029847',
  },
} as const;

/** A release to fetch in place of the pinned one. */
export interface PackerRelease {
  readonly url: string;
  /** Of the zip file, 64 hex digits. */
  readonly sha256: string;
}

/** How {@link findPacker} may be told what to take. */
export interface PackerChoice {
  /** A program, in place of what is on PATH. */
  readonly program?: string;
  readonly release?: PackerRelease;
}

/** 40 MB; time for them in milliseconds. */
const FETCH_MS = 300_000;

/**
 * Finds Packer: the program that was named, else the one on PATH, else the pinned release, kept in the user's cache directory.
 * A program on PATH that is no Packer (cracklib has one of that name) or too old is passed over. Throws `config` where
 * the named one is unfit, `outside` where none can be had.
 */
export async function findPacker(host: Host, choice: PackerChoice = {}): Promise<Packer> {
  if (choice.program !== undefined) {
    const named = await ask(host, choice.program);
    if (named !== undefined && !isOlder(named.version, OLDEST)) return named;
    const found = named === undefined ? 'is not Packer' : `is Packer ${versionText(named.version)}`;
    throw new WarmbakeError(
      'config',
      'unfit-packer',
      `'${choice.program}' ${found}; 1.6.6 or later is needed`,
    );
  }
  const onPath = await ask(host, 'packer');
  if (onPath !== undefined && !isOlder(onPath.version, OLDEST)) return onPath;
  return await fetchPacker(host, choice.release ?? (await pinnedRelease(host)));
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

async function pinnedRelease(host: Host): Promise<PackerRelease> {
  const finished = await host.processes.run(
    { argv: ['uname', '-sm'], env: { PATH: host.env['PATH'] ?? '' }, timeoutMs: 10_000 },
    { signal: host.signal },
  );
  const architecture = { 'Linux x86_64': 'amd64', 'Linux aarch64': 'arm64' } as const;
  const machine = finished.stdout.trim();
  const known = machine === 'Linux x86_64' || machine === 'Linux aarch64' ? architecture[machine] : undefined;
  if (known === undefined) {
    throw new WarmbakeError(
      'outside',
      'no-packer',
      `there is no Packer on PATH, and none to fetch for '${machine}'`,
      {
        hint: 'install Packer 1.6.6 or later, or name it with --packer',
      },
    );
  }
  const { version, sha256 } = PINNED;
  const file = `packer_${version}_linux_${known}.zip`;
  return { url: `https://releases.hashicorp.com/packer/${version}/${file}`, sha256: sha256[known] };
}

async function fetchPacker(host: Host, release: PackerRelease): Promise<Packer> {
  const directory = path.join(cacheDirectory(host.env) ?? host.scratch, 'packer', release.sha256);
  const program = path.join(directory, 'packer');
  const kept = await ask(host, program);
  if (kept !== undefined) return kept;
  host.emit({ type: 'line', text: `fetching Packer from ${release.url}` });
  const zip = await download(host, release);
  const bytes = zipEntry(zip, 'packer');
  if (bytes === undefined) throw unusable(release, 'the zip file has no program packer');
  const next = `${program}.${randomUUID()}`;
  await mkdir(directory, { recursive: true });
  await writeFile(next, bytes);
  await chmod(next, 0o755);
  await rename(next, program);
  const fetched = await ask(host, program);
  if (fetched === undefined) throw unusable(release, 'its program does not run here');
  return fetched;
}

async function download(host: Host, release: PackerRelease): Promise<Uint8Array> {
  let bytes: Uint8Array;
  const fetchZip = async (signal: AbortSignal): Promise<Uint8Array> => {
    const answer = await host.fetch(release.url, { signal });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  };
  try {
    bytes = await within(FETCH_MS, fetchZip, host);
  } catch (error) {
    host.signal.throwIfAborted();
    throw unusable(release, messageOf(error));
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest === release.sha256) return bytes;
  throw unusable(release, `its SHA-256 is ${digest}, not ${release.sha256}`);
}

function unusable({ url }: PackerRelease, because: string): WarmbakeError {
  return new WarmbakeError('outside', 'no-packer', `cannot use ${url}: ${because}`, {
    hint: 'install Packer 1.6.6 or later, or name it with --packer',
  });
}
