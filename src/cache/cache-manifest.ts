import * as z from 'zod';

import { type CommitSha, isCommitSha } from '../context/context.ts';
import { CACHE_CONFIG } from '../registry/media-types.ts';
import { type Digest, isDigest } from '../registry/reference.ts';

/** BuildKit's importer refuses manifests and configs beyond this many bytes (`readBlob` in cache/remotecache/import.go). */
export const IMPORT_LIMIT = 1024 * 1024;

/** What a manifest is to BuildKit's cache importer. */
export type CacheManifest =
  | {
      readonly kind: 'cache';
      readonly config: { readonly digest: Digest; readonly size: number };
      /** The commit that promotion wrote into it. */
      readonly revision?: CommitSha;
    }
  | { readonly kind: 'other'; readonly because: string };

const Descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() });

/** Image manifest with the cache config as config, or the older index with it among its entries. */
const File = z.object({
  config: Descriptor.optional(),
  manifests: z.array(Descriptor).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** Reads a manifest, JSON as the registry keeps it. */
export function readCacheManifest(body: Uint8Array): CacheManifest {
  const file = parse(body);
  if (file === undefined) return { kind: 'other', because: 'the answer is no manifest' };
  const config = [file.config, ...(file.manifests ?? [])].find((entry) => entry?.mediaType === CACHE_CONFIG);
  if (config === undefined) {
    return { kind: 'other', because: `no build cache but ${file.config?.mediaType ?? 'an image index'}` };
  }
  const { digest, size } = config;
  if (!isDigest(digest))
    return { kind: 'other', because: `cache config with the unknown digest '${digest}'` };
  const revision = file.annotations?.['org.opencontainers.image.revision'] ?? '';
  return { kind: 'cache', config: { digest, size }, ...(isCommitSha(revision) ? { revision } : {}) };
}

function parse(body: Uint8Array): z.infer<typeof File> | undefined {
  try {
    return File.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    return undefined;
  }
}
