import type { Digest } from '../../registry/reference.ts';
import type { Descriptor } from '../cache-manifest.ts';

/** containerd's label for the digest of a layer's tar; BuildKit cannot load a blob without it (`diffIDFromDescriptor`, cache/manager.go). */
export const UNCOMPRESSED = 'containerd.io/uncompressed';

/**
 * What two descriptors of one blob disagree about; `undefined` where both can be true. Docker's and OCI's names of a layer
 * type are two words for one thing, and other annotations (times, sources) are nobody's promise.
 */
export function contradiction(one: Descriptor, other: Descriptor): string | undefined {
  if (one.size !== other.size) return `${one.size} or ${other.size} bytes`;
  const [mine, theirs] = [one.annotations?.[UNCOMPRESSED], other.annotations?.[UNCOMPRESSED]];
  if (mine !== undefined && theirs !== undefined && mine !== theirs) return `content ${mine} or ${theirs}`;
  const [type, otherType] = [compressionOf(one), compressionOf(other)];
  return type === otherType ? undefined : `compressed as ${type} or ${otherType}`;
}

/** What a manifest says of each of its blobs. */
export type Statement = ReadonlyMap<Digest, Descriptor>;

/** What a manifest's list says; or where it cannot be true together with itself, in a phrase for people. */
export function statementOf(
  layers: readonly Descriptor[],
): { readonly statement: Statement } | { readonly because: string } {
  const statement = new Map<Digest, Descriptor>();
  for (const layer of layers) {
    const known = statement.get(layer.digest);
    const two = known === undefined ? undefined : contradiction(known, layer);
    if (two !== undefined)
      return { because: `disagreement with itself about the blob ${layer.digest}: ${two}` };
    // The one that says more.
    if (known?.annotations?.[UNCOMPRESSED] === undefined) statement.set(layer.digest, layer);
  }
  return { statement };
}

/** What of a descriptor can be contradicted, as text: equal texts never contradict each other, nor a third one differently. */
export function claimOf(layer: Descriptor): string {
  return JSON.stringify([layer.digest, layer.size, layer.annotations?.[UNCOMPRESSED], compressionOf(layer)]);
}

function compressionOf({ mediaType }: Descriptor): string {
  return /\.tar[.+](gzip|zstd)$/.exec(mediaType)?.[1] ?? mediaType.replace(/^.*\.tar$/, 'tar');
}
