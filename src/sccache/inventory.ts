import { namespaceOf } from './key.ts';

/** One object of a listing. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  readonly written: Date;
}

/** Objects and their bytes. */
export interface Volume {
  readonly objects: number;
  readonly bytes: number;
}

/** Everything below one prefix. */
export interface PrefixInventory extends Volume {
  /** What sccache calls SCCACHE_S3_KEY_PREFIX; '' for none. */
  readonly prefix: string;
  /** One for each of {@link AGES}. */
  readonly ages: readonly Volume[];
}

/** What a listing came to. */
export interface BucketInventory extends Volume {
  /** By bytes, the largest first. */
  readonly prefixes: readonly PrefixInventory[];
  /** Objects that are not sccache's, or belong to prefixes beyond the first {@link MOST_PREFIXES}. */
  readonly rest: Volume;
}

const DAY_MS = 86_400_000;

/** The age profile: objects younger than so many days, but not than the one before. */
export const AGES = [
  { label: '< 1 d', days: 1 },
  { label: '< 7 d', days: 7 },
  { label: '< 30 d', days: 30 },
  { label: '< 90 d', days: 90 },
  { label: 'older', days: Infinity },
] as const;

/** Memory stays bounded however the keys of a bucket look. */
export const MOST_PREFIXES = 1_000;

/** Counts objects as they come. */
export interface Counter {
  add(object: StoredObject): void;
  /** What came so far. */
  total(): BucketInventory;
}

/** A counter whose memory depends on the number of prefixes alone. Ages are seen from `now`. */
export function countObjects(now: Date): Counter {
  const prefixes = new Map<string, Mutable[]>();
  const rest: Mutable = { objects: 0, bytes: 0 };
  const agesOf = (prefix: string): Mutable[] | undefined => {
    const known = prefixes.get(prefix);
    if (known !== undefined || prefixes.size >= MOST_PREFIXES) return known;
    const ages = AGES.map(() => ({ objects: 0, bytes: 0 }));
    prefixes.set(prefix, ages);
    return ages;
  };
  return {
    add: ({ key, bytes, written }) => {
      const prefix = namespaceOf(key);
      const days = (now.getTime() - written.getTime()) / DAY_MS;
      const index = AGES.findIndex((age) => days < age.days);
      const volume = (prefix === undefined ? undefined : agesOf(prefix)?.[index]) ?? rest;
      volume.objects += 1;
      volume.bytes += bytes;
    },
    total: () => {
      const found = [...prefixes].map(([prefix, ages]) => ({
        prefix,
        ages: ages.map((age) => ({ ...age })),
        ...sum(ages),
      }));
      found.sort((a, b) => b.bytes - a.bytes || (a.prefix < b.prefix ? -1 : 1));
      return { ...sum([...found, rest]), prefixes: found, rest: { ...rest } };
    },
  };
}

interface Mutable {
  objects: number;
  bytes: number;
}

function sum(volumes: readonly Volume[]): Volume {
  return {
    objects: volumes.reduce((n, { objects }) => n + objects, 0),
    bytes: volumes.reduce((n, { bytes }) => n + bytes, 0),
  };
}
