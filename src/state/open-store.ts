import path from 'node:path';
import type { Host } from '../platform/host.ts';
import { type StateArea, areaPrefix, keyWithin } from './area.ts';
import { openDirectoryStore } from './directory-store.ts';
import { openS3Store } from './s3-store.ts';
import { parseStatePlace } from './state-place.ts';
import type { StateStore } from './store.ts';

/** What is opened of a store. */
export interface StoreChoice {
  /** Region to ask first; S3 tells where the bucket really is. */
  readonly region: string;
  readonly area: StateArea;
}

/**
 * One area of the store at `place`: `s3://bucket[/prefix]`, or a directory relative to the working directory. Keys of other areas
 * cannot be said. Asks nobody yet.
 */
export function openStore(
  host: Pick<Host, 'fetch' | 'http' | 'cwd'>,
  place: string,
  { region, area }: StoreChoice,
): StateStore {
  const s3 = parseStatePlace(place);
  const store =
    s3 === undefined
      ? openDirectoryStore(path.resolve(host.cwd, place))
      : openS3Store(host, { place, ...s3, region });
  return {
    place: store.place,
    read: async (key) => await store.read(keyWithin(area, key)),
    write: async (key, text, options) => await store.write(keyWithin(area, key), text, options),
    keys: async (folder) => await store.keys(folder === '' ? areaPrefix(area) : keyWithin(area, folder)),
  };
}
