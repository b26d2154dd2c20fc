import * as z from 'zod';

import { jsonOrUndefined } from '../platform/json.ts';
import type { Manifest } from '../registry/registry.ts';
import { IMPORT_LIMIT } from './cache-manifest.ts';
import { readCacheConfig } from './merge/read-config.ts';
import { roofOver } from './merge/roof.ts';
import { type Content, jsonContent } from './merge/write-cache.ts';
import { CACHE_CONFIG } from '../registry/media-types.ts';

const descriptor = z.looseObject({ mediaType: z.string() });
const manifestFile = z.looseObject({
  config: descriptor.optional(),
  manifests: z.array(descriptor).optional(),
});
const configFile = z.looseObject({ records: z.array(z.unknown()) });

/**
 * A cache as BuildKit exported it with a roof over its leaves (see `roofOver`), everything else as it was: config and manifest of
 * the same form, to be put in the place of the ones given. `undefined` where none is needed, or where the config is not understood or
 * would go over the importer's limit: it stays as it is then.
 */
export function roofed(
  manifest: Manifest,
  config: Uint8Array,
): { readonly manifest: Content; readonly config: Content } | undefined {
  const read = readCacheConfig(config);
  const roof = read.state === 'read' ? roofOver(read.graph) : undefined;
  if (roof === undefined) return undefined;
  const { records, ...others } = configFile.parse(jsonOrUndefined(config));
  const inputs = roof.slots.map((links) => links.map(({ to }) => ({ link: to })));
  const body = jsonContent(CACHE_CONFIG, {
    ...others,
    records: [...records, { digest: roof.digest, inputs }],
  });
  if (body.body.length > IMPORT_LIMIT) return undefined;
  const { config: own, manifests, ...rest } = manifestFile.parse(jsonOrUndefined(manifest.body));
  const named = (entry: z.infer<typeof descriptor>): object =>
    entry.mediaType === CACHE_CONFIG ? { ...entry, digest: body.digest, size: body.body.length } : entry;
  const file = {
    ...rest,
    ...(own === undefined ? {} : { config: named(own) }),
    ...(manifests === undefined ? {} : { manifests: manifests.map(named) }),
  };
  return { manifest: jsonContent(manifest.mediaType, file), config: body };
}
