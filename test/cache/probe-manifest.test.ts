import { expect, test } from 'vitest';
import { readCacheManifest } from '../../src/cache/cache-manifest.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const config = {
  mediaType: 'application/vnd.buildkit.cacheconfig.v0',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 562,
};

function read(annotations: object): unknown {
  const text = JSON.stringify({ schemaVersion: 2, config, layers: [], annotations });
  return readCacheManifest(Buffer.from(text));
}

test('a cache says its commit where promotion wrote it', () => {
  expect(read({ 'org.opencontainers.image.revision': COMMIT })).toEqual({
    kind: 'cache',
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: [],
    annotations: { 'org.opencontainers.image.revision': COMMIT },
    revision: COMMIT,
  });
});

test.each(['unknown', COMMIT.toUpperCase(), `${COMMIT}0`, ''])('the commit %j is none', (revision) => {
  expect(read({ 'org.opencontainers.image.revision': revision })).not.toHaveProperty('revision');
});

const layer = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: `sha256:${'b'.repeat(64)}`,
  size: 7,
};

test('the older form, an index with the config among its entries, says the same', () => {
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json' };
  const body = Buffer.from(JSON.stringify({ ...index, manifests: [layer, config] }));
  const said = { kind: 'cache', mediaType: index.mediaType, config, layers: [layer], annotations: {} };
  expect(readCacheManifest(body)).toEqual(said);
});

test.each([
  ['<html>', 'the answer is not a manifest'],
  ['[]', 'the answer is not a manifest'],
  [
    JSON.stringify({ config, layers: [{ ...layer, digest: 'sha256:b' }] }),
    "a manifest with a wrong 'layers.0.digest'",
  ],
  [JSON.stringify({ config, layers: [{ ...layer, size: -1 }] }), "a manifest with a wrong 'layers.0.size'"],
  [JSON.stringify({ config, manifests: [] }), 'both an image manifest and an image index'],
  [JSON.stringify({ manifests: [config, config] }), 'an image index with more than one cache config'],
  [JSON.stringify({ manifests: [layer] }), 'not a build cache but an image index'],
])('%s is not a cache, and it is said why', (text, because) => {
  expect(readCacheManifest(Buffer.from(text))).toEqual({ kind: 'other', because });
});
