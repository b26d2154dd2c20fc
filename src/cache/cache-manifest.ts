import * as z from 'zod';

import { type CommitSha, isCommitSha } from '../ci/commit-sha.ts';
import { jsonOrUndefined } from '../platform/json.ts';
import { CACHE_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../registry/media-types.ts';
import { type Digest, isDigest } from '../registry/reference.ts';

/** BuildKit's importer refuses manifests and configs beyond this many bytes (`readBlob` in cache/remotecache/import.go). */
export const IMPORT_LIMIT = 1024 * 1024;

/** The annotation of a cache manifest that names its commit; the image key of the OCI image specification. */
export const REVISION = 'org.opencontainers.image.revision';

/** What a manifest says of one of its blobs (OCI content descriptor). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest that BuildKit's cache importer takes for a cache with a config of its own. */
export interface FoundCacheManifest {
  readonly kind: 'cache';
  readonly mediaType: string;
  readonly config: Descriptor;
  /** As listed: a blob stands there once for each layer of the config that is made of it. */
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  /** The commit that promotion wrote into it. */
  readonly revision?: CommitSha;
}

/** What a manifest is to BuildKit's cache importer. */
export type CacheManifest = FoundCacheManifest | { readonly kind: 'other'; readonly because: string };

const annotations = z.record(z.string(), z.string()).nullish();
const descriptor = z
  .object({
    mediaType: z.string(),
    digest: z.string().refine(isDigest, 'unknown digest'),
    size: z.number().int().nonnegative(),
    annotations,
  })
  .transform(({ annotations: marks, ...blob }): Descriptor => ({
    ...blob,
    ...(marks == null ? {} : { annotations: marks }),
  }));

/** Image manifest with the cache config as config, or the older index with it among its entries. */
const document = z.object({
  mediaType: z.string().optional(),
  config: descriptor.nullish(),
  layers: z.array(descriptor).nullish(),
  manifests: z.array(descriptor).nullish(),
  annotations,
});

/** Reads a manifest, JSON as the registry keeps it. BuildKit tells the two forms apart the same way (`DetectManifestBlobMediaType`). */
export function readCacheManifest(body: Uint8Array): CacheManifest {
  const parsed = document.safeParse(jsonOrUndefined(body));
  if (!parsed.success) return other(refusal(parsed.error));
  const { config: own, layers, manifests, annotations: marks } = parsed.data;
  if (manifests != null && (own != null || layers != null)) {
    return other('both an image manifest and an image index');
  }
  const [config, second] = [own, ...(manifests ?? [])].filter((entry) => entry?.mediaType === CACHE_CONFIG);
  if (config == null) return other(`not a build cache but ${own?.mediaType ?? 'an image index'}`);
  if (second !== undefined) return other('an image index with more than one cache config');
  const revision = marks?.[REVISION] ?? '';
  return {
    kind: 'cache',
    mediaType: parsed.data.mediaType ?? (own == null ? OCI_INDEX : OCI_MANIFEST),
    config,
    layers: layers ?? manifests?.filter((entry) => entry !== config) ?? [],
    annotations: marks ?? {},
    ...(isCommitSha(revision) ? { revision } : {}),
  };
}

function other(because: string): CacheManifest {
  return { kind: 'other', because };
}

/** Says which field of a JSON manifest is wrong; anything else is some page of a proxy. */
function refusal({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined || issue.path.length === 0) return 'the answer is not a manifest';
  return `a manifest with a wrong '${issue.path.join('.')}'`;
}
