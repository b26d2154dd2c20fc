import { expect, test } from 'vitest';
import { withoutHidden } from '../../src/bake/hidden-text.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const HIDDEN = [
  { text: `127.0.0.1:4242/${SECRET}/cache:merged`, shown: 'gateway/cache:merged' },
  { text: SECRET, shown: '…' },
];

test.each([
  [
    `importing cache manifest from 127.0.0.1:4242/${SECRET}/cache:merged`,
    'importing cache manifest from gateway/cache:merged',
  ],
  [
    `Head "http://127.0.0.1:4242/v2/${SECRET}/cache/manifests/merged": connection refused`,
    'Head "http://127.0.0.1:4242/v2/…/cache/manifests/merged": connection refused',
  ],
  ['nothing of it', 'nothing of it'],
])('the path to a merged cache is seen nowhere, in no spelling: %s', (line, shown) => {
  expect(withoutHidden(line, HIDDEN)).toBe(shown);
});
