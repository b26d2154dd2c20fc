import type { StateStore } from '../../src/state/store.ts';

/** A store as S3 is one: an ETag for each write, and every write on the condition that nothing else stands there. */
export function memoryStore(): StateStore {
  const entries = new Map<string, { readonly text: string; readonly version: string }>();
  let writes = 0;
  return {
    place: 's3://state/ci',
    read: async (key) => await Promise.resolve(entries.get(key)),
    write: async (key, text, { expected }) => {
      if (entries.get(key)?.version !== expected) return await Promise.resolve(undefined);
      const version = `"${(writes += 1)}"`;
      entries.set(key, { text, version });
      return version;
    },
    keys: async (folder) =>
      await Promise.resolve(
        [...entries.keys()]
          .filter((key) => key.startsWith(`${folder}/`))
          .map((key) => key.slice(folder.length + 1).split('/')[0] ?? '')
          .toSorted(),
      ),
  };
}
