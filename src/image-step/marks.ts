import * as z from 'zod';
import { readCacheManifest, REVISION } from '../cache/cache-manifest.ts';
import type { Marked } from '../cache/promote.ts';
import type { AnnotationNames } from '../config/settings.ts';
import { jsonOrUndefined } from '../platform/json.ts';
import { readImage } from '../registry/image-manifest.ts';
import type { Digest, Reference } from '../registry/reference.ts';
import type { Found, Manifest, Registry } from '../registry/registry.ts';

/** A manifest with what it says of the build that made it. */
export interface MarkedManifest extends Manifest {
  readonly digest: Digest;
  readonly kind: 'cache' | 'image';
  readonly marks: Marked;
}

/** Reads a manifest of either kind and its marks. */
export async function readMarks(
  registry: Registry,
  ref: Reference,
  names: AnnotationNames,
): Promise<Found<MarkedManifest>> {
  const read = await registry.manifest(ref);
  if (read.state === 'oversized') return { state: 'failed', because: read.because };
  if (read.state !== 'found') return read;
  const cache = readCacheManifest(read.body);
  if (cache.kind === 'cache') {
    const marks = marked(cache.annotations[REVISION], cache.annotations[names.buildNumber]);
    return { ...read, kind: 'cache', marks };
  }
  const image = await readImage(registry, { ...ref, digest: read.digest });
  if (image.state !== 'found') return image;
  const marks = marked(image.annotation(names.revision), image.annotation(names.buildNumber));
  return { ...read, kind: 'image', marks };
}

/** What a cache manifest is marked with. */
export interface Mark {
  readonly revision: string;
  readonly buildNumber?: string;
  readonly buildId?: string;
}

/**
 * The cache manifest with its build's commit written into it. Layers and config stay the same, so that one small request
 * puts it back; registries and BuildKit's importer accept the annotations.
 */
export function markManifest(manifest: Manifest, mark: Mark, names: AnnotationNames): Manifest {
  const parsed = z
    .looseObject({ annotations: z.record(z.string(), z.string()).default({}) })
    .parse(jsonOrUndefined(manifest.body));
  const annotations = {
    ...parsed.annotations,
    [REVISION]: mark.revision,
    ...(mark.buildNumber === undefined ? {} : { [names.buildNumber]: mark.buildNumber }),
    ...(mark.buildId === undefined ? {} : { [names.buildId]: mark.buildId }),
  };
  return {
    mediaType: manifest.mediaType,
    body: new TextEncoder().encode(JSON.stringify({ ...parsed, annotations })),
  };
}

function marked(revision: string | undefined, buildNumber: string | undefined): Marked {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(buildNumber === undefined ? {} : { buildNumber }),
  };
}
