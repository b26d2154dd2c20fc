/** BuildKit's cache config: the config of a cache manifest, or one entry of the older cache index. */
export const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';

/** A manifest of the OCI image specification: an image's, or a build cache's. */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** A list of manifests; the older form of a build cache lists its blobs there. */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** Every manifest form that a build can leave in a registry; without `Accept` registries answer with an obsolete one. */
export const ACCEPT_MANIFESTS = [
  OCI_MANIFEST,
  OCI_INDEX,
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');
