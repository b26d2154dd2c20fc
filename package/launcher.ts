import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT } from '../parts/project.ts';
import type { Architecture } from './node-binary.ts';

/** What is pinned in the launcher. */
export interface Pinned {
  readonly version: string;
  /** Checksums of the executables, unpacked. */
  readonly sha256: Readonly<Record<Architecture, string>>;
  /** Where they are fetched from; '' leaves it to WARMBAKE_LOCATION. */
  readonly location: string;
}

/** The launcher, `warmbake.sh`. */
export async function launcherText({ version, sha256, location }: Pinned): Promise<string> {
  const values: Readonly<Record<string, string>> = {
    VERSION: version,
    SHA256_X64: sha256.x64,
    SHA256_ARM64: sha256.arm64,
    LOCATION: location,
  };
  const template = await readFile(path.join(PROJECT, 'package/warmbake.sh'), 'utf8');
  return template.replaceAll(/@([A-Z0-9_]+)@/g, (_, name: string) => values[name] ?? '');
}
