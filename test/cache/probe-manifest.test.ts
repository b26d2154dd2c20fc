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
    config: { digest: config.digest, size: 562 },
    revision: COMMIT,
  });
});

test.each(['unknown', COMMIT.toUpperCase(), `${COMMIT}0`, ''])('the commit %j is none', (revision) => {
  expect(read({ 'org.opencontainers.image.revision': revision })).not.toHaveProperty('revision');
});
