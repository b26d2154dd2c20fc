import { expect, test } from 'vitest';
import { suspects } from '../../src/image-step/suspects.ts';
import { digestOf } from '../registry/fixture-registry.ts';

const [a, b] = [digestOf(Buffer.from('a')), digestOf(Buffer.from('b'))];
const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: a, size: 10 };
const blobs = new Map([
  [a, { descriptor, donors: ['main', 'own'] }],
  [b, { descriptor: { ...descriptor, digest: b }, donors: ['base'] }],
]);
const served = (digest: typeof a, donor: string, way: 'piped' | 'redirected', bytes = 10) => ({
  digest,
  donor,
  bytes,
  way,
  seconds: 1,
});
const failed = (digest: typeof a, donor: string) => ({ digest, donor, because: 'gone' });
const GONE = `could not fetch content descriptor ${a}: not found`;
const SHORT = 'short read: expected 10 bytes but got 1: unexpected EOF';

test.each<[string, string, Partial<Parameters<typeof suspects>[1]>, readonly string[]]>([
  [
    'those that failed at the layer that is named',
    GONE,
    { failures: [failed(a, 'main'), failed(b, 'base')] },
    ['main'],
  ],
  ['those that sent BuildKit elsewhere for it', GONE, { served: [served(a, 'own', 'redirected')] }, ['own']],
  [
    'all that have it, where nothing was seen',
    GONE,
    { served: [served(a, 'own', 'piped')] },
    ['main', 'own'],
  ],
  ['where no layer is named, those that failed', SHORT, { failures: [failed(a, 'main')] }, ['main']],
  [
    'but not at a layer that another gave',
    SHORT,
    { failures: [failed(a, 'main'), failed(b, 'base')], served: [served(a, 'own', 'piped')] },
    ['base'],
  ],
  ['nobody for a layer that is not of this cache', `${digestOf(Buffer.from('c'))}: not found`, {}, []],
])('a failed load is due to %s', (_what, message, seen, expected) => {
  expect([...suspects(message, { blobs, served: [], failures: [], ...seen })].toSorted()).toEqual(expected);
});
