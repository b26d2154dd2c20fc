import type { CheckCode } from './checks.ts';
import { type DoctorFinding, failed, ok, skipped, warning } from './finding.ts';

/** Free space of the file system at `place`. */
export interface FreeSpace {
  readonly place: string;
  readonly freeBytes: number;
  readonly bytes: number;
  /** Of inodes, 0 to 1; absent where the file system counts none. */
  readonly freeInodes?: number;
}

/** What a place needs, in bytes. */
export interface SpaceNeeds {
  /** What is there for, in one phrase. */
  readonly holds: string;
  /** With less nothing works. */
  readonly leastBytes: number;
  /** With less it may end in the middle. */
  readonly easyBytes: number;
  readonly fix: string;
}

/** The engine's store: every layer that a build pulls, makes and keeps. */
export const ENGINE_SPACE: SpaceNeeds = {
  holds: "the engine's images and build cache",
  leastBytes: 1e9,
  easyBytes: 20e9,
  fix: 'free some of it (docker buildx prune, docker image prune), or give the machine a larger disk',
};

/** Logins, clones without files, definitions, records. */
export const SCRATCH_SPACE: SpaceNeeds = {
  holds: "this run's files",
  leastBytes: 50e6,
  easyBytes: 500e6,
  fix: 'free some of it, or let TMPDIR name a folder with more room',
};

/** With fewer inodes a disk is full although it has room. */
const FEW_INODES = 0.02;

/** Judges one place; `space` is a text where it could not be looked at. */
export function diskFinding(check: CheckCode, space: FreeSpace | string, needs: SpaceNeeds): DoctorFinding {
  if (typeof space === 'string') return skipped(check, space);
  const { freeBytes, bytes, freeInodes = 1, place } = space;
  const text = `${sizeText(freeBytes)} of ${sizeText(bytes)} free at ${place}, for ${needs.holds}`;
  const { fix } = needs;
  if (freeBytes < needs.leastBytes) return failed(check, { text, fix });
  if (freeInodes < FEW_INODES) {
    return warning(check, { text: `${text}, but ${(freeInodes * 100).toFixed(1)} % of its inodes`, fix });
  }
  return freeBytes < needs.easyBytes ? warning(check, { text, fix }) : ok(check, text);
}

function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;
}
