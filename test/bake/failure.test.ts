import { expect, it } from 'vitest';
import { classifyFailure, type Failure } from '../../src/bake/failure.ts';
import { recorded, replay, vertexLine } from './replay.ts';

const START = '2026-01-01T00:00:00Z';
const END = '2026-01-01T00:00:01Z';

const IMPORT = vertexLine({
  digest: 'i',
  name: 'importing cache manifest from r/c:main',
  inputs: [],
  started: START,
  completed: END,
});

/** A bake that imported a cache and ended with these words. */
function failing(text: string): Failure {
  return classifyFailure(replay([IMPORT, ...`ERROR: ${text}`.split('\n')]).trace);
}

function failed(name: string): Failure {
  return classifyFailure(replay(recorded(`buildx-0.29/${name}`)).trace);
}

it('a step that fails is a compile failure with the last lines of its output', () => {
  expect(failed('run-fails')).toMatchObject({
    class: 'compile',
    message: expect.stringMatching(/^\[broken 2\/2\] RUN .* ended with exit code 7$/),
    step: {
      name: expect.stringContaining('[broken 2/2] RUN'),
      log: ['about to fail', 'line 1', 'line 2', 'line 3', 'line 4', 'error: no such thing'],
    },
  });
});

it.each([
  ['canceled', 'canceled', false],
  ['engine-lost', 'engine', false],
  ['source-lost-a-layer', 'cache-import', true],
  ['source-lost-a-layer-at-push', 'cache-import', true],
  ['push-refused', 'quota', false],
])('a recorded failure is recognised: %s', (name, expected, importing) => {
  expect(failed(name)).toMatchObject({ class: expected, importing });
});

it('a source and an export that failed beside it are not taken for the cause', () => {
  const missing = vertexLine({
    digest: 'm',
    name: 'importing cache manifest from r/c:gone',
    inputs: [],
    started: START,
    completed: END,
    error: 'r/c:gone: not found',
  });
  const swallowed = vertexLine({
    digest: 'e',
    name: 'exporting cache to registry',
    inputs: [],
    started: START,
    completed: END,
    error: 'error writing manifest blob: 403 Forbidden',
  });
  const { trace } = replay([
    missing,
    swallowed,
    'ERROR: failed to solve: failed to push r/a:1: 502 Bad Gateway',
  ]);
  expect(classifyFailure(trace)).toMatchObject({ class: 'registry-error' });
  expect(classifyFailure(trace).step).toBeUndefined();
});

const URL_OF = (verb: string, path: string): string =>
  `unexpected status from ${verb} request to http://127.0.0.1:5198/v2/${path}`;
const LAYER = 'failed to solve: failed to compute cache key: failed to copy: httpReadSeeker: failed open: ';

it.each([
  // Reading layers of an imported cache.
  [
    `${LAYER}could not fetch content descriptor sha256:e719 (…tar+gzip) from remote: not found`,
    'cache-import',
  ],
  [`${LAYER}${URL_OF('GET', 'e/cache/blobs/sha256:ee41')}: 403 Forbidden\nunknown: proxy`, 'cache-import'],
  [`${LAYER}${URL_OF('GET', 'e/cache/blobs/sha256:ee41')}: 429 Too Many Requests`, 'rate-limit'],
  [`${LAYER}${URL_OF('GET', 'e/cache/blobs/sha256:ee41')}: 401 Unauthorized`, 'expired-token'],
  [`${LAYER}${URL_OF('GET', 'e/cache/blobs/sha256:ee41')}: 500 Internal Server Error`, 'registry-error'],
  [
    `${LAYER}failed to do request: Get "https://127.0.0.1:5198/v2/": read: connection reset by peer`,
    'registry-error',
  ],
  [
    'failed to solve: failed to compute cache key: short read: expected 310203 bytes but got 3: unexpected EOF',
    'cache-import',
  ],
  [
    'failed to solve: failed to compute cache key: failed commit on ref "layer-sha256:e719": commit failed: unexpected commit digest sha256:496e, expected sha256:e719: failed precondition',
    'cache-import',
  ],
])('what stops the reading of imported layers is told: %s', (text, expected) => {
  expect(failing(text)).toMatchObject({ class: expected, importing: true });
  expect(classifyFailure(replay([`ERROR: ${text}`]).trace).importing).toBe(false);
});

it.each([
  // Pushes.
  ['failed to solve: failed to push r/app:main: toomanyrequests: Rate exceeded', 'rate-limit'],
  [
    `failed to solve: failed to push r/app:main: ${URL_OF('PUT', 'e/app/manifests/a')}: 401 Unauthorized`,
    'expired-token',
  ],
  [
    'failed to solve: failed to push r/app:main: denied: Your authorization token has expired. Reauthenticate and try again.',
    'expired-token',
  ],
  [
    `failed to solve: failed to push r/app:main: ${URL_OF('POST', 'e/app/blobs/uploads/')}: 403 Forbidden`,
    'denied',
  ],
  [
    `failed to solve: failed to push r/app:main: ${URL_OF('POST', 'e/app/blobs/uploads/')}: 404 Not Found`,
    'denied',
  ],
  [
    "failed to solve: failed to push r/app:main: name unknown: The repository with name 'app' does not exist in the registry with id '1'",
    'denied',
  ],
  [
    "failed to solve: failed to push r/app:main: denied: The repository with name 'app' in registry with id '1' already has the maximum allowed number of images which is '100000'",
    'quota',
  ],
  [
    "failed to push 1.dkr.ecr.eu-west-2.amazonaws.com/a:1: denied: Adding tag 't' to an image in the repository with name 'a' in registry with id '1' exceeds the maximum allowed number of tags per image which is '1000'",
    'quota',
  ],
  [
    'failed to solve: failed to push r/app:main: failed commit on ref "layer-sha256:4ac6": failed to do request: Put "https://r/v2/": write tcp: use of closed network connection',
    'registry-error',
  ],
  [
    `failed to solve: failed to push r/app:main: ${URL_OF('PUT', 'e/app/manifests/a')}: 503 Service Unavailable`,
    'registry-error',
  ],
  [
    `failed to solve: failed to push r/app:main: ${URL_OF('PUT', 'e/app/manifests/a')}: 400 Bad Request`,
    'unknown',
  ],
  [
    'target a: failed to solve: error writing layer blob: failed to do request: Head "https://r/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    'registry-error',
  ],
  [
    'failed to solve: failed to push 1.dkr.ecr.eu-west-2.amazonaws.com/a:1: unexpected status from HEAD request to https://1.dkr.ecr.eu-west-2.amazonaws.com/v2/a/blobs/sha256:12: 403 Forbidden',
    'expired-token',
  ],
  // Base images.
  [
    `failed to solve: r/b:1: failed to resolve source metadata for r/b:1: ${URL_OF('HEAD', 'b/manifests/1')}: 429 Too Many Requests`,
    'rate-limit',
  ],
  [
    `failed to solve: r/b:1: failed to resolve source metadata for r/b:1: ${URL_OF('HEAD', 'b/manifests/1')}: 403 Forbidden`,
    'denied',
  ],
  ['failed to solve: r/b:1: failed to resolve source metadata for r/b:1: r/b:1: not found', 'definition'],
  // What the user wrote.
  [
    'docker-bake.hcl:24,30-31: Missing newline after argument; An argument definition must end with a newline.',
    'definition',
  ],
  ['failed to find target notarget', 'definition'],
  ['open nofile.hcl: no such file or directory', 'definition'],
  ['unable to prepare context: path "nope" not found', 'definition'],
  ['failed to stat /nope/tok: stat /nope/tok: no such file or directory', 'definition'],
  ['failed to solve: failed to read dockerfile: open Nope: no such file or directory', 'definition'],
  [
    'failed to solve: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)',
    'definition',
  ],
  ['failed to solve: target stage "nope" could not be found', 'definition'],
  ['failed to solve: secret tok: not found', 'definition'],
  ['target a: failed to solve: circular dependency detected on stage: base', 'definition'],
  [
    'failed to solve: failed to compute cache key: failed to calculate checksum of ref npvx::h7m0: "/nope": not found',
    'definition',
  ],
  // The builder.
  ['Cannot connect to the Docker daemon at unix:///nope.sock. Is the docker daemon running?', 'engine'],
  ['failed to solve: Unavailable: error reading from server: EOF', 'engine'],
  [
    'failed to receive status: rpc error: code = Unavailable desc = closing transport due to: connection error',
    'engine',
  ],
  ['no builder "nope" found', 'engine'],
  ['context deadline exceeded', 'engine'],
  ['failed to solve: write /data/meta.db: no space left on device', 'disk-full'],
  // Seen with Docker Engine 28.5 where an image of the same name was replaced.
  [
    'failed to solve: failed to prepare extraction snapshot "extract-568946361-2GHq sha256:8698c05aeb644a920e4f1e56558586be8fa851b354616a2c2e59ca7f62347da6": parent snapshot sha256:32216bddf5598bfff59c67df4652a03765b1f8555c79ef63237ee25c98e2a05e does not exist: not found',
    'unpacking',
  ],
  ['failed to solve: Canceled: context canceled', 'canceled'],
  // Commands that look like something else.
  [
    'failed to solve: process "/bin/sh -c curl || echo 429 Too Many Requests; no space left on device" did not complete successfully: exit code: 1',
    'compile',
  ],
  [
    'failed to solve: process "/bin/sh -c echo httpReadSeeker" did not complete successfully: exit code: 22',
    'compile',
  ],
  ['something new', 'unknown'],
])('the last words of bake tell the class: %s', (text, expected) => {
  expect(failing(text)).toMatchObject({ class: expected, importing: false });
});

it('a step that finds the disk full says so in its output', () => {
  const { trace } = replay([
    vertexLine({ started: START }),
    JSON.stringify({
      logs: [
        {
          vertex: 'v',
          stream: 2,
          data: Buffer.from('cc: a.o: No space left on device\n').toString('base64'),
        },
      ],
    }),
    vertexLine({
      started: START,
      completed: END,
      error: 'process "/bin/sh -c cc" did not complete successfully: exit code: 1',
    }),
    'ERROR: failed to solve: process "/bin/sh -c cc" did not complete successfully: exit code: 1',
  ]);
  expect(classifyFailure(trace).class).toBe('disk-full');
});

it('a killed step is explained', () => {
  const { class: failureClass, hint } = failing(
    'failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 137',
  );
  expect({ failureClass, hint }).toEqual({
    failureClass: 'compile',
    hint: 'the process was killed, most often because memory ran out: run fewer jobs at a time',
  });
});

it('the message is one line without the words that every failure has', () => {
  expect(failing('target a: failed to solve: denied: no\nunknown: proxy').message).toBe(
    'denied: no; unknown: proxy',
  );
});

it('a bake that says nothing is an unknown failure', () => {
  expect(classifyFailure(replay([]).trace)).toMatchObject({
    class: 'unknown',
    message: 'docker buildx bake failed without a word',
  });
});

it.each([
  [
    `r/b:1: failed to resolve source metadata for r/b:1: ${URL_OF('HEAD', 'b/manifests/1')}: 401 Unauthorized`,
    true,
  ],
  [
    'failed to resolve source metadata for r/b:1: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    true,
  ],
  [`r/b:1: failed to resolve source metadata for r/b:1: r/b:1: not found`, false],
  [`failed to push r/app:main: ${URL_OF('PUT', 'e/app/manifests/a')}: 401 Unauthorized`, false],
])('a base image that wants a login names where logins are configured: %s (%s)', (text, hinted) => {
  const { hint } = classifyFailure(replay([`ERROR: failed to solve: ${text}`]).trace);
  expect(hint?.includes('logins.pull') === true).toBe(hinted);
});
