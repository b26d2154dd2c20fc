/** `abcdef…` lies at `a/b/c/abcdef…` (`normalize_key` in sccache's src/cache/cache.rs). */
const KEY = /^(?:(.+)\/)?([0-9a-f])\/([0-9a-f])\/([0-9a-f])\/\2\3\4[0-9a-f]*$/;
const CHECK = /^(?:(.+)\/)?\.sccache_check$/;

/**
 * The prefix under which sccache stored `key` ('' for none), without slash at its end; `undefined` for keys that are not
 * sccache's.
 */
export function namespaceOf(key: string): string | undefined {
  const found = KEY.exec(key) ?? CHECK.exec(key);
  return found === null ? undefined : (found[1] ?? '');
}

/** True where an entry of a listing with delimiter, directly below the store's prefix, is what sccache makes. */
export function isStoreEntry(name: string): boolean {
  return /^(?:[0-9a-f]\/|\.sccache_check)$/.test(name);
}
