import { describe, expect, test } from 'vitest';
import { type Candidate, type Role, TRUST } from '../../src/refs/candidate.ts';
import { probeCandidates } from '../../src/cache/probe.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { isTag } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { credentialsOf, openHost } from '../registry/fixture-host.ts';
import { type FixtureRegistry, refuse, startFixtureRegistry } from '../registry/fixture-registry.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const MIB = 1024 * 1024;

/** A registry with what `fill` puts into it, and a probe of `tags`, roles by turns. */
async function open(fill: (server: FixtureRegistry) => void = () => undefined) {
  const server = await startFixtureRegistry();
  const host = await openHost();
  fill(server);
  const candidate = (tag: string, role: Role = 'main'): Candidate => {
    if (!isTag(tag)) throw new Error(tag);
    return { role, ref: { host: server.host, path: 'cache', tag }, trust: TRUST.own, alternative: false };
  };
  const registry = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  const limits = { maxSources: 6, answerMs: 500, budgetMs: 2000 };
  return {
    server,
    candidate,
    probe: async (
      candidates: readonly Candidate[],
      changed: Partial<typeof limits> = {},
      signal = host.signal,
    ) => {
      const [probed] = await probeCandidates(
        [candidates],
        { registry, host: { ...host, signal } },
        { ...limits, ...changed },
      );
      return probed?.sources ?? [];
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

describe('a source', () => {
  const image = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: `sha256:${'0'.repeat(64)}`,
    size: 1,
  };

  const cases: readonly [sentence: string, fill: (server: FixtureRegistry) => void, expected: object][] = [
    ['that is a cache is found', (s) => s.keepCache('cache', 'x'), { state: 'found' }],
    ['that nobody wrote is missing', () => undefined, { state: 'missing' }],
    [
      'of the older form, an index, is found',
      (s) => {
        const config = Buffer.from('{}');
        const digest = digestOf(config);
        s.blobs.set(digest, config);
        const mediaType = 'application/vnd.buildkit.cacheconfig.v0';
        s.keep('cache', 'x', {
          manifests: [{ ...image }, { mediaType, digest, size: 2 }],
        });
      },
      { state: 'found' },
    ],
    [
      'that is an image is failed',
      (s) => s.keep('cache', 'x', { config: image }),
      { state: 'failed', because: `not a build cache but ${image.mediaType}` },
    ],
    [
      'that is not a manifest at all is failed',
      (s) => s.keep('cache', 'x', '<html>'),
      { state: 'failed', because: 'the answer is not a manifest' },
    ],
    [
      'whose config is gone is failed',
      (s) => {
        s.keepCache('cache', 'x');
        s.blobs.clear();
      },
      { state: 'failed', because: 'cache config blob gone' },
    ],
    [
      'whose config is as large as BuildKit takes is found',
      (s) => s.keepCache('cache', 'x', { size: MIB }),
      { state: 'found' },
    ],
    [
      'whose config is larger is oversized',
      (s) => s.keepCache('cache', 'x', { size: MIB + 1 }),
      { state: 'oversized', because: 'cache config of 1048577 bytes, limit 1048576' },
    ],
    [
      'whose manifest is larger is oversized',
      (s) => s.keep('cache', 'x', { pad: 'x'.repeat(MIB) }),
      { state: 'oversized', because: expect.stringMatching(/^manifest of 10485\d\d bytes, limit 1048576$/) },
    ],
    [
      'behind a login is denied',
      (s) =>
        (s.interfere = (_seen, answer) =>
          refuse(answer, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic' })),
      { state: 'denied', because: expect.stringContaining('asked anonymously') },
    ],
    [
      'that is throttled for longer than a build should wait is throttled',
      (s) =>
        (s.interfere = (_seen, answer) => refuse(answer, 429, 'TOOMANYREQUESTS', { 'retry-after': '30' })),
      { state: 'throttled' },
    ],
    [
      'whose registry breaks is failed',
      (s) => (s.interfere = (_seen, answer) => refuse(answer, 500, 'UNKNOWN')),
      { state: 'failed', because: expect.stringMatching(/^500/) },
    ],
    [
      'whose registry hangs is failed',
      (s) => (s.interfere = () => 'answered'),
      { state: 'failed', because: 'no answer within 0.5 s' },
    ],
  ];

  test.each(cases)('%s', async (_sentence, fill, expected) => {
    await using at = await open(fill);
    const candidate = at.candidate('x');
    const [source] = await at.probe([candidate], { budgetMs: 5000 });
    expect(source).toMatchObject({ role: 'main', ref: candidate.ref, ...expected });
  });
});

test('a source that hangs or breaks takes nothing from the others', async () => {
  await using at = await open((s) => {
    s.keepCache('cache', 'good');
    s.interfere = (seen, answer) => {
      if (seen.path.endsWith('/hangs')) return 'answered';
      return seen.path.endsWith('/breaks') ? refuse(answer, 502, 'UNKNOWN') : undefined;
    };
  });
  const candidates = ['hangs', 'breaks', 'good', 'absent'].map((tag) => at.candidate(tag));
  const sources = await at.probe(candidates, { budgetMs: 5000 });
  expect(sources.map(({ state }) => state)).toEqual(['failed', 'failed', 'found', 'missing']);
});

test('all are asked at once, and each ref once', async () => {
  let running = 0;
  let most = 0;
  await using at = await open((s) => {
    s.keepCache('cache', 'a');
    s.interfere = (_seen, answer) => {
      most = Math.max(most, (running += 1));
      setTimeout(() => {
        running -= 1;
        refuse(answer, 404, 'MANIFEST_UNKNOWN');
      }, 100);
      return 'answered';
    };
  });
  await at.probe(['a', 'b', 'c', 'd', 'a', 'b'].map((tag) => at.candidate(tag)));
  expect(most).toBe(4);
  expect(at.server.seen).toHaveLength(4);
});

test('the budget ends it, however slowly a registry dribbles', async () => {
  await using at = await open((s) => {
    s.interfere = (_seen, answer) => {
      answer.writeHead(200, { 'content-length': 1000 }).write('{');
      return 'answered';
    };
  });
  const [source] = await at.probe([at.candidate('x')], { answerMs: 3_600_000, budgetMs: 200 });
  expect(source).toMatchObject({ state: 'failed', because: 'no answer within 0.2 s' });
});

test('an interruption ends it without an error', async () => {
  await using at = await open((s) => (s.interfere = () => 'answered'));
  const interrupt = new AbortController();
  setTimeout(() => interrupt.abort(new Error('interrupted by SIGTERM')), 50);
  const [source] = await at.probe([at.candidate('x')], {}, interrupt.signal);
  expect(source).toMatchObject({ state: 'failed', because: 'interrupted by SIGTERM' });
});

test('names of one cache are told by their digest', async () => {
  await using at = await open((s) => {
    s.keepCache('cache', 'a', { config: '{}', revision: COMMIT });
    s.keepCache('cache', 'b', { config: '{}', revision: COMMIT });
  });
  const sources = await at.probe([at.candidate('a', 'commit'), at.candidate('b', 'main')]);
  expect(sources.map(({ state }) => state)).toEqual(['found', 'duplicate']);
});
