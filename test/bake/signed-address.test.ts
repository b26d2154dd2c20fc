import { expect, test } from 'vitest';
import { withoutSignatures } from '../../src/bake/signed-address.ts';

const LAYER = 'https://prod-layers.s3.eu-west-1.amazonaws.com/sha256-1';

test.each<[string, string, string]>([
  [
    'of S3, in a sentence',
    `GET request to ${LAYER}?X-Amz-Expires=3600&X-Amz-Signature=abc: 403 Forbidden`,
    `GET request to ${LAYER}?…: 403 Forbidden`,
  ],
  ['as Go quotes it', `Get "${LAYER}?X-Amz-Signature=abc": EOF`, `Get "${LAYER}?…": EOF`],
  [
    'in JSON, twice',
    JSON.stringify({ a: `"${LAYER}?x=1&Signature=abc": EOF`, b: `${LAYER}?sig=abc` }).replaceAll(
      '&',
      '\\u0026',
    ),
    JSON.stringify({ a: `"${LAYER}?…": EOF`, b: `${LAYER}?…` }),
  ],
])('a signature is not passed on: %s', (_where, text, expected) => {
  expect(withoutSignatures(text)).toBe(expected);
});

test.each(['https://example.com/v2/_catalog?n=100&last=x', 'is this ok?sig=1', 'http://[::1]:5000/v2/'])(
  'everything else is: %s',
  (text) => {
    expect(withoutSignatures(text)).toBe(text);
  },
);
