import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { isTag, type Reference, type Repository } from '../../src/registry/reference.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { credentialsOf, fastClock, openHost } from './fixture-host.ts';
import { digestOf, type Interference, refuse, type Seen, startFixtureRegistry } from './fixture-registry.ts';

const ONCE = { patienceMs: 0 };

async function open(interfere?: Interference) {
  const server = await startFixtureRegistry();
  const host = await openHost({ clock: fastClock() });
  const login = { kind: 'basic', username: 'ci', password: 'pa:ss' } as const;
  const registry = createRegistry(host, credentialsOf(login));
  if (interfere !== undefined) server.interfere = interfere;
  const repository: Repository = { host: server.host, path: 'team/app' };
  const reference = (tag: string): Reference => {
    if (!isTag(tag)) throw new Error(tag);
    return { ...repository, tag };
  };
  const close = async (): Promise<void> => {
    await server[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  };
  return { server, registry, repository, reference, [Symbol.asyncDispose]: close };
}

/** Answers once. */
type Answer = (seen: Seen, answer: ServerResponse) => unknown;

/** Gives these answers, one each, and then leaves the requests to the registry. */
function first(...answers: Answer[]): Interference {
  return (seen, answer) => {
    const next = answers.shift();
    next?.(seen, answer);
    return next && 'answered';
  };
}

/** Gives this answer to every request. */
function always(give: Answer): Interference {
  return (seen, answer) => {
    give(seen, answer);
    return 'answered';
  };
}

describe('reading', () => {
  test('a manifest is found by tag and by digest, in any of the four forms', async () => {
    await using at = await open();
    const digest = at.server.keep('team/app', '1', { schemaVersion: 2 });

    const byTag = await at.registry.manifest(at.reference('1'));
    expect(byTag).toMatchObject({
      state: 'found',
      digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
    });
    expect(byTag.state === 'found' && Buffer.from(byTag.body).toString()).toBe('{"schemaVersion":2}');
    expect(await at.registry.manifest({ ...at.repository, digest })).toEqual(byTag);
    expect(await at.registry.head(at.reference('1'))).toEqual({ state: 'found', digest });
    for (const kind of ['oci.image.manifest', 'oci.image.index', 'manifest.v2', 'manifest.list']) {
      expect(at.server.seen[0]?.accept).toContain(kind);
    }
  });

  test('a registry that leaves the digest out of its headers is asked for the body', async () => {
    const body = '{"schemaVersion":2}';
    await using at = await open(always((seen, answer) => answer.end(seen.method === 'HEAD' ? '' : body)));
    const digest = digestOf(Buffer.from(body));
    expect(await at.registry.head(at.reference('1'))).toEqual({ state: 'found', digest });
  });

  test('a blob that is kept elsewhere is fetched from there, and the login stays here', async () => {
    await using elsewhere = await startFixtureRegistry();
    elsewhere.interfere = always((_seen, answer) => answer.end('{"layers":[]}'));
    const digest = digestOf(Buffer.from('{"layers":[]}'));
    const location = `http://${elsewhere.host}/signed`;
    await using at = await open((seen, answer) => {
      if (seen.authorization === undefined)
        refuse(answer, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic' });
      else answer.writeHead(307, { location }).end();
      return 'answered';
    });
    const blob = await at.registry.blob(at.repository, digest, { limit: 100 });
    expect(blob).toMatchObject({ state: 'found' });
    expect(elsewhere.seen).toMatchObject([{ method: 'GET', path: '/signed', authorization: undefined }]);
  });

  test('an aborted signal rejects with its reason, and nothing else does', async () => {
    await using at = await open(always(() => undefined));
    const stop = new AbortController();
    const asked = at.registry.head(at.reference('1'), { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});

describe('every bad answer is a value', () => {
  const said = (status: number, code: string, headers?: Record<string, string>): Interference =>
    always((_seen, answer) => refuse(answer, status, code, headers));

  const cases: readonly [sentence: string, interference: Interference, expected: object][] = [
    ['404 is missing', said(404, 'MANIFEST_UNKNOWN'), { state: 'missing' }],
    ['404 of a repository is missing', said(404, 'NAME_UNKNOWN'), { state: 'missing' }],
    [
      '401 without a challenge is denied',
      said(401, 'UNAUTHORIZED'),
      { state: 'denied', because: expect.stringMatching(/^401 Unauthorized/) },
    ],
    [
      '403 is denied',
      said(403, 'DENIED'),
      { state: 'denied', because: '403 Forbidden (DENIED: said DENIED)' },
    ],
    [
      '429 is throttled',
      said(429, 'x'),
      { state: 'throttled', because: '429 Too Many Requests (x: said x)' },
    ],
    [
      'toomanyrequests is throttled whatever the status',
      said(400, 'TOOMANYREQUESTS'),
      { state: 'throttled' },
    ],
    ['500 is failed', said(500, 'UNKNOWN'), { state: 'failed' }],
    [
      'a page of a proxy is failed',
      always((_s, a) => a.writeHead(502).end('<html>')),
      { state: 'failed', because: '502 Bad Gateway' },
    ],
    ['a hang is failed', always(() => undefined), { state: 'failed', because: 'no answer within 2 s' }],
    [
      'a hang in the middle is failed',
      always((_s, a) => a.writeHead(200, { 'content-length': 5 }).write('{')),
      { state: 'failed', because: 'no answer within 2 s' },
    ],
    ['a broken connection is failed', always((_s, a) => a.destroy()), { state: 'failed' }],
    [
      'a truncated body is failed',
      always((_s, a) => {
        a.writeHead(200, { 'content-length': 500 }).write('{"schema');
        setTimeout(() => a.destroy(), 20);
      }),
      { state: 'failed' },
    ],
    [
      'a body that is not what its digest says is failed',
      always((_s, a) => a.writeHead(200, { 'docker-content-digest': digestOf(Buffer.from('x')) }).end('y')),
      { state: 'failed', because: expect.stringContaining('does not match its digest') },
    ],
    [
      'a body longer than it should be, by its header, is oversized',
      always((_s, a) => a.writeHead(200, { 'content-length': 101 }).end('x'.repeat(101))),
      { state: 'oversized', because: 'manifest of 101 bytes, limit 100' },
    ],
    [
      'a body longer than it should be, that does not say so, is oversized',
      always((_s, a) => a.write('x'.repeat(101))),
      { state: 'oversized', because: 'manifest of more bytes, limit 100' },
    ],
  ];

  test.each(cases)('%s', async (_sentence, interference, expected) => {
    await using at = await open(interference);
    const outcome = await at.registry.manifest(at.reference('1'), { ...ONCE, limit: 100, timeoutMs: 2000 });
    expect(outcome).toMatchObject(expected);
  });

  test('a registry that is not there is failed, by every verb', async () => {
    const at = await open();
    await at[Symbol.asyncDispose]();
    const failed = { state: 'failed', because: expect.stringContaining('ECONNREFUSED') };
    const digest = digestOf(Buffer.from(''));
    expect(await at.registry.manifest(at.reference('1'), ONCE)).toMatchObject(failed);
    expect(await at.registry.head(at.reference('1'), ONCE)).toMatchObject(failed);
    expect(await at.registry.blob(at.repository, digest, { ...ONCE, limit: 1 })).toMatchObject(failed);
    expect(await at.registry.canPush(at.repository, ONCE)).toMatchObject({ can: false, kind: 'unreachable' });
  });
});

describe('asking again', () => {
  const say =
    (status: number, headers?: Record<string, string>): Interference =>
    (_seen, answer) =>
      refuse(answer, status, 'X', headers);

  test('what may pass is asked again', async () => {
    await using at = await open(first(say(500), say(503), (_seen, answer) => answer.destroy()));
    const digest = at.server.keep('team/app', '1', {});
    expect(await at.registry.head(at.reference('1'))).toEqual({ state: 'found', digest });
    expect(at.server.seen).toHaveLength(4);
  });

  test('and given up after four tries', async () => {
    await using at = await open(always(say(503)));
    expect(await at.registry.head(at.reference('1'))).toMatchObject({ state: 'failed' });
    expect(at.server.seen).toHaveLength(4);
  });

  test('a throttled request waits as long as the registry says', async () => {
    await using at = await open(first(say(429, { 'retry-after': '4' })));
    at.server.keep('team/app', '1', {});
    const start = Date.now();
    expect(await at.registry.head(at.reference('1'))).toMatchObject({ state: 'found' });
    expect(Date.now() - start).toBeGreaterThanOrEqual(390);
  });

  test('of jobs that were refused together each waits its own time', async () => {
    await using at = await open(always(say(503)));
    const waitsOf = async (random: number): Promise<readonly number[]> => {
      const waits: number[] = [];
      // Time-outs are slept as well, and never come to pass.
      const sleep: Clock['sleep'] = async (ms) =>
        await (ms < 5_000 ? void waits.push(ms) : new Promise<never>(() => undefined));
      await using host = await openHost({ clock: { now: () => new Date(0), sleep } });
      await createRegistry({ ...host, random: () => random }, credentialsOf({ kind: 'anonymous' })).head(
        at.reference('1'),
      );
      return waits;
    };
    const [some, others] = [await waitsOf(0), await waitsOf(0.5)];
    expect(some).toHaveLength(3);
    expect(others.every((wait, nth) => wait < some[nth]!)).toBe(true);
  });

  test('but not longer than the caller has patience', async () => {
    await using at = await open(first(say(429, { 'retry-after': '60' })));
    expect(await at.registry.head(at.reference('1'))).toMatchObject({ state: 'throttled' });
    expect(at.server.seen).toHaveLength(1);
  });

  test.each([400, 401, 403, 404])('%d is final', async (status) => {
    await using at = await open(always(say(status)));
    await at.registry.head(at.reference('1'));
    expect(at.server.seen).toHaveLength(1);
  });
});

describe('writing', () => {
  const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', body: '{"annotations":{}}' };

  test('a manifest is put under a tag as it is, also at the second try', async () => {
    await using at = await open(first((_seen, answer) => refuse(answer, 500, 'X')));
    const digest = digestOf(Buffer.from(manifest.body));
    expect(await at.registry.putManifest(at.reference('latest'), manifest)).toEqual({
      state: 'written',
      digest,
    });
    expect(await at.registry.manifest(at.reference('latest'))).toMatchObject({
      state: 'found',
      digest,
      mediaType: manifest.mediaType,
    });
  });

  test.each([
    [404, 'NAME_UNKNOWN', 'missing'],
    [403, 'DENIED', 'denied'],
    [400, 'ImageTagAlreadyExistsException', 'failed'],
  ])('a manifest refused with %d %s is %s', async (status, code, state) => {
    await using at = await open(always((_seen, answer) => refuse(answer, status, code)));
    expect(await at.registry.putManifest(at.reference('latest'), manifest)).toMatchObject({ state });
  });

  test('the right to push is found out by an upload of which nothing stays', async () => {
    await using at = await open();
    expect(await at.registry.canPush(at.repository)).toEqual({ can: true });
    expect(at.server.seen.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
    expect(at.server.uploads.size).toBe(0);
  });

  test('an upload on another host is left alone', async () => {
    await using elsewhere = await startFixtureRegistry();
    const location = `http://${elsewhere.host}/v2/x`;
    await using at = await open(always((_seen, answer) => answer.writeHead(202, { location }).end()));
    expect(await at.registry.canPush(at.repository)).toEqual({ can: true });
    await delay(20);
    expect(elsewhere.seen).toEqual([]);
    expect(at.server.seen.map(({ method }) => method)).toEqual(['POST']);
  });

  test('an upload is abandoned on the registry itself, whatever scheme it writes', async () => {
    await using at = await open();
    at.server.interfere = first((_seen, answer) => {
      answer.writeHead(202, { location: `https://${at.server.host}/other/path?_state=s` }).end();
    });
    expect(await at.registry.canPush(at.repository)).toEqual({ can: true });
    expect(at.server.seen.at(-1)).toMatchObject({ method: 'DELETE', path: '/other/path?_state=s' });
  });

  test.each([
    [403, 'DENIED', 'denied'],
    [404, 'NAME_UNKNOWN', 'missing-repository'],
    [429, 'TOOMANYREQUESTS', 'throttled'],
    [500, 'UNKNOWN', 'unreachable'],
  ])('a push refused with %d %s is %s', async (status, code, kind) => {
    await using at = await open(always((_seen, answer) => refuse(answer, status, code)));
    expect(await at.registry.canPush(at.repository, ONCE)).toMatchObject({ can: false, kind });
  });
});
