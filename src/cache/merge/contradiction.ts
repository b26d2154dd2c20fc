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

function compressionOf({ mediaType }: Descriptor): string {
  return /\.tar[.+](gzip|zstd)$/.exec(mediaType)?.[1] ?? mediaType.replace(/^.*\.tar$/, 'tar');
}
