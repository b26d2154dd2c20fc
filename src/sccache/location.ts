import type { SccacheSettings } from '../config/settings.ts';

/** Where sccache says that it stores (`cache_location`): the bucket, something else, or a disk that ends with the step. */
export type Location =
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'local-disk' }
  | { readonly kind: 'other' };

/** Reads `cache_location`; an S3 store is `s3, name: BUCKET, prefix: /PREFIX/`. */
export function parseLocation(text: string): Location {
  const s3 = /^s3, name: ([^,]+), prefix: \/?(.*?)\/?$/.exec(text);
  if (s3 !== null) return { kind: 's3', bucket: s3[1] ?? '', prefix: s3[2] ?? '' };
  return { kind: text.startsWith('Local disk') ? 'local-disk' : 'other' };
}

/** True where `location` is the configured store. */
export function isStore(location: Location, { bucket, prefix }: SccacheSettings): boolean {
  return location.kind === 's3' && location.bucket === bucket && location.prefix === prefix;
}
