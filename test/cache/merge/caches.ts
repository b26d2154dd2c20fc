import { createHash } from 'node:crypto';
import { readCacheManifest } from '../../../src/cache/cache-manifest.ts';
import type { Donor } from '../../../src/cache/merge.ts';

/** A cache config as JSON has it. */
export interface ConfigJson {
  readonly layers: readonly { readonly blob: string; readonly parent?: number }[];
  readonly records: readonly RecordJson[];
}

/** One of its records. */
export interface RecordJson {
  readonly digest: string;
  readonly inputs?: readonly (readonly { readonly link?: number; readonly selector?: string }[])[];
  readonly layers?: readonly { readonly layer?: number; readonly createdAt: string }[];
  readonly chains?: readonly { readonly layers: readonly number[]; readonly createdAt: string }[];
}

/** The digest of a word, for blobs and records alike. */
export function digest(word: string): string {
  return `sha256:${createHash('sha256').update(word).digest('hex')}`;
}

/** A descriptor as BuildKit's exporter writes it, of a blob that holds something. */
export function layerOf(blob: string, change: object = {}): object {
  const annotations = { 'containerd.io/uncompressed': digest(`${blob} as tar`) };
  return {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: blob,
    size: 100,
    annotations,
    ...change,
  };
}

/** A donor of this config, whose manifest lists what the config names, or `layers`. */
export function donorOf(id: string, config: object | string, layers?: readonly object[]): Donor {
  const body = Buffer.from(typeof config === 'string' ? config : JSON.stringify(config));
  const blobs =
    typeof config === 'string' ? [] : (config as ConfigJson).layers.map(({ blob }) => layerOf(blob));
  const descriptor = {
    mediaType: 'application/vnd.buildkit.cacheconfig.v0',
    digest: `sha256:${createHash('sha256').update(body).digest('hex')}`,
    size: body.length,
  };
  const manifest = readCacheManifest(
    Buffer.from(JSON.stringify({ schemaVersion: 2, config: descriptor, layers: layers ?? blobs })),
  );
  if (manifest.kind !== 'cache') throw new Error(manifest.because);
  return { id, manifest, config: body };
}

/** A merged or other config as JSON. */
export function configOf(body: Uint8Array): ConfigJson {
  return JSON.parse(Buffer.from(body).toString()) as ConfigJson;
}
