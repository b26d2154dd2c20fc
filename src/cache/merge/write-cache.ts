import { digestOf } from '../../registry/digest.ts';
import { CACHE_CONFIG, OCI_MANIFEST } from '../../registry/media-types.ts';
import type { Digest } from '../../registry/reference.ts';
import type { Descriptor } from '../cache-manifest.ts';
import type { CacheGraph } from './cache-graph.ts';

/** Something that a registry keeps under its digest. */
export interface Content {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly body: Uint8Array;
}

/** JSON under its digest. */
export function jsonContent(mediaType: string, content: object): Content {
  const body = new TextEncoder().encode(JSON.stringify(content));
  return { digest: digestOf(body), mediaType, body };
}

/** A cache config as BuildKit writes it: `chains` only where a donor has them, since readers before 0.12 do not know the word. */
export function writeConfig({ layers, records }: CacheGraph): Content {
  return jsonContent(CACHE_CONFIG, {
    layers: layers.map(({ blob, parent = -1 }) => ({ blob, parent })),
    records: records.map(({ digest, slots, outcomes }) => ({
      digest,
      ...unlessEmpty(
        'layers',
        outcomes.flatMap(({ layers: of, createdAt }) =>
          'layer' in of ? [{ layer: of.layer, createdAt }] : [],
        ),
      ),
      ...unlessEmpty(
        'chains',
        outcomes.flatMap(({ layers: of, createdAt }) =>
          'layer' in of ? [] : [{ layers: of.chain, createdAt }],
        ),
      ),
      ...unlessEmpty(
        'inputs',
        slots.map((links) =>
          links.map(({ to, selector }) => ({ ...(selector === '' ? {} : { selector }), link: to })),
        ),
      ),
    })),
  });
}

/** An image manifest: BuildKit reads it since 0.8 as it reads the older index, and every registry takes it (ECR no index of blobs). */
export function writeManifest(config: Content, layers: readonly Descriptor[]): Content {
  return jsonContent(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: config.mediaType, digest: config.digest, size: config.body.length },
    layers,
  });
}

function unlessEmpty(name: string, list: readonly object[]): object {
  return list.length === 0 ? {} : { [name]: list };
}
