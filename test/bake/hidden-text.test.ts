import { expect, test } from 'vitest';
import { withoutHidden } from '../../src/bake/hidden-text.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
/** Of a build beside this one. */
const OTHERS = 'fedcba9876543210fedcba9876543210';
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
  [
    `Get "https://127.0.0.1:5151/v2/${OTHERS}/cache/blobs/sha256:1": EOF; 127.0.0.1:5151/${OTHERS}/cache:merged`,
    'Get "https://127.0.0.1:5151/v2/…/cache/blobs/sha256:1": EOF; 127.0.0.1:5151/…/cache:merged',
  ],
  [
    `127.0.0.1:5000/v2/${OTHERS}/image and example.com/${OTHERS}/cache:1`,
    `127.0.0.1:5000/v2/${OTHERS}/image and example.com/${OTHERS}/cache:1`,
  ],
  ['nothing of it', 'nothing of it'],
])(
  'the path to a merged cache, of this build or another, is seen nowhere, in no spelling: %s',
  (line, shown) => {
    expect(withoutHidden(line, HIDDEN)).toBe(shown);
  },
);
