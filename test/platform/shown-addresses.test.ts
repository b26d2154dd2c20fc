import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownAddresses, withoutUser } from '../../src/platform/shown-addresses.ts';

const LAYER = 'https://prod-layers.s3.eu-west-1.amazonaws.com/sha256-1';

test.each<[string, string, string]>([
  [
    'a signature of S3, in a sentence',
    `GET request to ${LAYER}?X-Amz-Expires=3600&X-Amz-Signature=abc: 403 Forbidden`,
    `GET request to ${LAYER}?…: 403 Forbidden`,
  ],
  ['a signature as Go quotes it', `Get "${LAYER}?X-Amz-Signature=abc": EOF`, `Get "${LAYER}?…": EOF`],
  [
    'a signature in JSON, twice',
    JSON.stringify({ a: `"${LAYER}?x=1&Signature=abc": EOF`, b: `${LAYER}?sig=abc` }).replaceAll(
      '&',
      '\\u0026',
    ),
    JSON.stringify({ a: `"${LAYER}?…": EOF`, b: `${LAYER}?…` }),
  ],
  [
    'a token, as git quotes it',
    "fatal: unable to access 'https://x-access-token:ghs_1@github.com/o/r.git/': 403",
    "fatal: unable to access 'https://…@github.com/o/r.git/': 403",
  ],
  ['a token without a password', 'https://ghs_1@github.com/o/r', 'https://…@github.com/o/r'],
  ['a password with @', 'http://a:b@c@proxy:3128', 'http://…@proxy:3128'],
  ['a password for ssh', 'ssh://a:b@host/r', 'ssh://…@host/r'],
  ['a path that was made of one', '/work/https:/a:b@host/x', '/work/https:/…@host/x'],
  ['user and signature', 'https://a:b@host/x?sig=c', 'https://…@host/x?…'],
])('hidden is %s', (_what, text, expected) => {
  expect(shownAddresses(text)).toBe(expected);
});

test.each([
  'https://example.com/v2/_catalog?n=100&last=x',
  'is this ok?sig=1',
  'http://[::1]:5000/v2/',
  'ssh://git@github.com/o/r.git',
  'git@github.com:o/r.git',
  `docker-image://alpine@sha256:${'0'.repeat(64)}`,
  'https://registry.npmjs.org/@scope/name',
  'https://example.com and a@b.example',
])('everything else is shown: %s', (text) => {
  expect(shownAddresses(text)).toBe(text);
});

const secret = fc.string({
  minLength: 8,
  maxLength: 20,
  unit: fc.constantFrom(...'a b c X Y Z 0 1 8 9 _ - . ~ ! $ & ( ) * + , ; = : % @'.split(' ')),
});

test('no password is left in any text, and a second time changes nothing', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('https', 'http', 'HTTPS', 'git+https', 'ssh', 'ftp', 's3'),
      secret,
      fc.webPath(),
      fc.string(),
      (scheme, password, path, around) => {
        const token = `user:${password}`;
        const text = `${around} '${scheme}://${token}@host.example${path}' ${around}`;
        fc.pre(!around.includes(password) && !path.includes(password));
        const shown = shownAddresses(text);
        expect(shown).not.toContain(password);
        expect(shownAddresses(JSON.stringify({ text }))).not.toContain(password);
        expect(shownAddresses(shown)).toBe(shown);
      },
    ),
  );
});

test('an address without its user still leads there', () => {
  expect(withoutUser('https://a:b@ci.example/builds/1#x')).toBe('https://ci.example/builds/1#x');
});
