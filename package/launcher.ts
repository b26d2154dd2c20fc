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
  readonly limits?: TransferLimits;
}

/** When a transfer ends that does not get on. */
export interface TransferLimits {
  /** For a connection, for the first byte, and at less than 10 kB/s. */
  readonly stallSeconds: number;
  /** For all tries together. */
  readonly totalSeconds: number;
  /** Of a file, packed or not. */
  readonly largestKb: number;
}

/** An executable has 130 MB, a third of that packed. */
const LIMITS: TransferLimits = { stallSeconds: 20, totalSeconds: 300, largestKb: 400_000 };

/** The launcher, `warmbake.sh`. */
export async function launcherText({ version, sha256, location, limits = LIMITS }: Pinned): Promise<string> {
  const values: Readonly<Record<string, string>> = {
    VERSION: version,
    SHA256_X64: sha256.x64,
    SHA256_ARM64: sha256.arm64,
    LOCATION: location,
    STALL_SECONDS: String(limits.stallSeconds),
    TOTAL_SECONDS: String(limits.totalSeconds),
    LARGEST_KB: String(limits.largestKb),
  };
  const template = await readFile(path.join(PROJECT, 'package/warmbake.sh'), 'utf8');
  return template.replaceAll(/@([A-Z0-9_]+)@/g, (_, name: string) => values[name] ?? '');
}
