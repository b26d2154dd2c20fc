import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../../platform/cache-directory.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { within } from '../../platform/time-limit.ts';
import { zipEntry } from '../../platform/zip-entry.ts';

/** Something to fetch that cannot change behind its address. */
export interface PinnedFile {
  readonly url: string;
  /** 64 hex digits: of the file, or of `entry` of the zip archive that it is. */
  readonly sha256: string;
  readonly entry?: string;
}

/** Time for all of it in milliseconds, and its bytes, packed: releases have 40 MB. */
const FETCH_MS = 300_000;
const LARGEST = 300 << 20;

/**
 * Its contents, with that checksum each time that it is asked for: from the user's cache directory where they are there unchanged, else
 * fetched. Rejects with one phrase that says why it cannot be had.
 */
export async function pinnedContents(host: Host, file: PinnedFile): Promise<Uint8Array> {
  const directory = path.join(cacheDirectory(host.env) ?? host.scratch, 'packer');
  const kept = path.join(directory, file.sha256);
  const known = await readFile(kept).catch(() => undefined);
  if (known !== undefined && sha256Of(known) === file.sha256) return known;
  host.emit({ type: 'line', text: `fetching ${file.url}` });
  const fetched = await within(FETCH_MS, async (signal) => await fetchAll(host, file.url, signal), host);
  const contents = file.entry === undefined ? fetched : zipEntry(fetched, file.entry);
  if (contents === undefined) throw new Error(`the zip file has no ${file.entry ?? ''}`);
  const digest = sha256Of(contents);
  if (digest !== file.sha256) throw new Error(`its SHA-256 is ${digest}, not ${file.sha256}`);
  const next = `${kept}.${randomUUID()}`;
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(next, contents);
    await rename(next, kept);
  } catch (error) {
    // The next run fetches it again.
    host.emit({ type: 'line', text: `not kept: ${messageOf(error)}` });
  }
  return contents;
}

/** In hex. */
export function sha256Of(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

async function fetchAll(host: Host, url: string, signal: AbortSignal): Promise<Uint8Array> {
  const answer = await host.fetch(url, { signal });
  if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body) {
    size += part.byteLength;
    if (size > LARGEST) throw new Error(`it has more than ${LARGEST >> 20} MB`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
