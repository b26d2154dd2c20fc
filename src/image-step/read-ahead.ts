import { IMPORT_LIMIT, readCacheManifest } from '../cache/cache-manifest.ts';
import type { Emit } from '../platform/events.ts';
import { type Digest, type Reference, referenceName } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';

type ManifestAnswer = Awaited<ReturnType<Registry['manifest']>>;
type BlobAnswer = Awaited<ReturnType<Registry['blob']>>;

/**
 * Exports that are read while bake comes to its end: after the last one BuildKit writes its own records for as long as two answers take.
 * What is read so early decides nothing: whoever uses it compares digests.
 */
export interface ReadAhead {
  /** Reads what these refs hold, manifest and config, each once. To be called when an export was written. */
  start(refs: readonly Reference[]): void;
  /** What a ref held when it was read; `undefined` where it was not. */
  manifest(ref: Reference): Promise<ManifestAnswer | undefined>;
  /** A cache's config: the one that was read, or asked for now. */
  config(ref: Reference, digest: Digest): Promise<BlobAnswer>;
}

/** See {@link ReadAhead}. Nothing of it rejects but for an interrupted run. */
export function openReadAhead(registry: Pick<Registry, 'manifest' | 'blob'>): ReadAhead {
  const manifests = new Map<string, Promise<ManifestAnswer>>();
  const configs = new Map<Digest, Promise<BlobAnswer>>();

  async function read(ref: Reference, reading: Promise<ManifestAnswer>): Promise<void> {
    const found = await reading;
    const cache = found.state === 'found' ? readCacheManifest(found.body) : undefined;
    if (cache?.kind !== 'cache' || configs.has(cache.config.digest)) return;
    const { digest } = cache.config;
    const config = registry.blob(ref, digest, { limit: IMPORT_LIMIT });
    configs.set(digest, config);
    await config;
  }

  return {
    start: (refs) => {
      for (const ref of refs) {
        if (manifests.has(referenceName(ref))) continue;
        const reading = registry.manifest(ref);
        manifests.set(referenceName(ref), reading);
        // Whoever asks for it hears what went wrong.
        read(ref, reading).catch(() => undefined);
      }
    },
    manifest: async (ref) => await manifests.get(referenceName(ref)),
    config: async (ref, digest) => {
      const early = await configs.get(digest);
      return early?.state === 'found' ? early : await registry.blob(ref, digest, { limit: IMPORT_LIMIT });
    },
  };
}

/** `emit`, with `written` called for each export that was. */
export function hearExports(emit: Emit, written: () => void): Emit {
  return (event) => {
    emit(event);
    if (event.type === 'step' && event.step.kind === 'export' && event.step.state === 'executed') written();
  };
}
