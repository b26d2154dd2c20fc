import path from 'node:path';
import type { Host } from '../platform/host.ts';
import { openDirectoryStore } from './directory-store.ts';
import { openS3Store } from './s3-store.ts';
import type { StateStore } from './store.ts';

/** The store at `place`: `s3://bucket[/prefix]`, or a directory relative to the working directory. Asks nobody yet. */
export function openStore(
  host: Pick<Host, 'fetch' | 'cwd'>,
  place: string,
  { region }: { readonly region: string },
): StateStore {
  const s3 = /^s3:\/\/([^/]+)(?:\/(.*?))?\/*$/.exec(place);
  if (s3 === null) return openDirectoryStore(path.resolve(host.cwd, place));
  const [, bucket = '', prefix = ''] = s3;
  return openS3Store(host, { place, bucket, prefix, region });
}
