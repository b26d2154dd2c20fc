/** BuildKit's cache config: the config of a cache manifest, or one entry of the older cache index. */
export const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';

/** Every manifest form that a build can leave in a registry; without `Accept` registries answer with an obsolete one. */
export const ACCEPT_MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');
