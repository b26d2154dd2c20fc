import type { ServerResponse } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openGateway } from '../../src/delivery/gateway.ts';
import { openHost } from '../registry/fixture-host.ts';
import { digestOf, type Interference, refuse, type Seen } from '../registry/fixture-registry.ts';
import { cacheOf, type OpenedGateway, openTwoDonors } from './opened-gateway.ts';

/** Answers requests for blobs in place of the registry. */
const blobs =
  (give: (answer: ServerResponse, seen: Seen) => unknown): Interference =>
  (seen, answer) => {
    if (!seen.path.includes('/blobs/')) return undefined;
    give(answer, seen);
    return 'answered';
  };

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

/** Waits for what other processes' work brings about. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5);
}

describe('what BuildKit asks for', () => {
  test('the manifest comes by its tag and by its digest, the config by its digest, from memory', async () => {
    await using at = await openTwoDonors();
    const { manifest, config } = at.cache;
    expect(at.gateway.reached()).toBe(false);
    for (const path of ['manifests/merged', `manifests/${manifest.digest}`, `blobs/${config.digest}`]) {
      const expected = path.startsWith('blobs') ? config : manifest;
      for (const method of ['GET', 'HEAD']) {
        const answer = await fetch(`${at.base}/${path}`, { method });
        expect(answer.status).toBe(200);
        expect(answer.headers.get('docker-content-digest')).toBe(expected.digest);
        expect(answer.headers.get('content-type')).toBe(expected.mediaType);
        expect(answer.headers.get('content-length')).toBe(String(expected.body.length));
        expect(await bytesOf(answer)).toEqual(method === 'HEAD' ? Buffer.of() : expected.body);
      }
    }
    expect(at.gateway.reached()).toBe(true);
    expect((await fetch(`${at.root}/v2/`)).status).toBe(200);
    expect([at.first.seen, at.second.seen]).toEqual([[], []]);
  });

  test('a layer comes from its first donor, with the login that BuildKit does not have', async () => {
    await using at = await openTwoDonors();
    at.first.interfere = (seen, answer) =>
      seen.authorization === undefined
        ? refuse(answer, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic' })
        : undefined;
    const answer = await at.blob();
    expect(digestOf(await bytesOf(answer))).toBe(at.digest);
    expect(answer.headers.get('docker-content-digest')).toBe(at.digest);
    expect(at.gateway.served()).toEqual([
      { digest: at.digest, donor: 'main', bytes: 300_000, way: 'piped', seconds: expect.any(Number) },
    ]);
    expect([at.gateway.failures(), at.second.seen]).toEqual([[], []]);
    const head = await at.blob({ method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('300000');
  });

  test('a transfer that broke is resumed where it broke', async () => {
    await using at = await openTwoDonors();
    const answer = await at.blob({ headers: { range: 'bytes=299990-' } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe('bytes 299990-299999/300000');
    expect(await bytesOf(answer)).toEqual(at.layer.subarray(299_990));
    expect(at.first.seen.at(-1)?.range).toBe('bytes=299990-');
    expect((await at.blob({ headers: { range: 'bytes=300000-' } })).status).toBe(416);
    // Other forms mean the whole, as they may.
    expect(digestOf(await bytesOf(await at.blob({ headers: { range: 'bytes=0-1,5-6' } })))).toBe(at.digest);
  });

  test('a redirect to where the registry keeps its layers is passed on, and written down nowhere', async () => {
    await using at = await openTwoDonors();
    const location = 'https://bucket.example/layer?X-Amz-Signature=secret';
    at.first.interfere = blobs((answer) => answer.writeHead(307, { location }).end());
    const answer = await at.blob();
    expect([answer.status, answer.headers.get('location')]).toEqual([307, location]);
    expect(at.gateway.served()).toMatchObject([{ donor: 'main', bytes: 300_000, way: 'redirected' }]);
    expect(JSON.stringify([at.gateway.served(), at.gateway.failures(), at.host.warnings])).not.toContain(
      'Amz',
    );
    // Asked again for the same layer, it was not got there.
    expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
    expect(at.gateway.served().at(-1)).toMatchObject({ donor: 'own', way: 'piped' });
  });

  test('a redirect of the registry to itself is followed with its login, one to plain HTTP elsewhere is not', async () => {
    await using at = await openTwoDonors();
    at.first.interfere = (seen, answer) => {
      if (!seen.path.includes('/cache/main/')) return undefined;
      answer.writeHead(307, { location: seen.path.replace('/main/', '/moved/') }).end();
      return 'answered';
    };
    expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
    expect(at.gateway.served()).toMatchObject([{ donor: 'main', way: 'piped' }]);
    at.first.interfere = blobs((answer) => answer.writeHead(307, { location: 'http://10.0.0.1/x' }).end());
    expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
    expect(at.gateway.failures()).toMatchObject([
      { donor: 'main', because: expect.stringMatching(/not https/) },
    ]);
  });

  test('another cache under the same ref: the second try', async () => {
    await using at = await openTwoDonors();
    const next = cacheOf([], []);
    at.gateway.replace(next);
    expect(await bytesOf(await fetch(`${at.base}/manifests/merged`))).toEqual(next.manifest.body);
    expect((await fetch(`${at.base}/manifests/${at.cache.manifest.digest}`)).status).toBe(404);
    expect((await at.blob()).status).toBe(404);
  });
});

describe('a donor that does not give what it has', () => {
  const half = (answer: ServerResponse, layer: Buffer): unknown =>
    answer.writeHead(200, { 'content-length': layer.length }).write(layer.subarray(0, 1000));
  const cases: readonly [string, (at: OpenedGateway) => Interference, because: RegExp][] = [
    ['404', () => blobs((a) => refuse(a, 404, 'BLOB_UNKNOWN')), /not there/],
    ['403', () => blobs((a) => refuse(a, 403, 'DENIED')), /^403/],
    ['429', () => blobs((a) => refuse(a, 429, 'TOOMANYREQUESTS')), /^429/],
    ['503', () => blobs((a) => refuse(a, 503, 'UNAVAILABLE')), /^503/],
    ['a broken connection', () => blobs((a) => a.destroy()), /./],
    ['silence before the answer', () => blobs(() => undefined), /no answer within 10 s/],
    [
      'silence after the head',
      (at) => blobs((a) => a.writeHead(200, { 'content-length': at.layer.length }).flushHeaders()),
      /no answer within 10 s/,
    ],
    ['another length', () => blobs((a) => a.end('short')), /5 bytes instead of 300000/],
    ['a page of a proxy', () => blobs((a) => a.writeHead(204).end()), /^204/],
    ['a packed body', () => blobs((a) => a.writeHead(200, { 'content-encoding': 'gzip' }).end('x')), /gzip/],
  ];
  test.each(cases)(
    '%s: the next one is asked, at once from then on',
    async (_what, interference, because) => {
      await using at = await openTwoDonors();
      at.first.interfere = interference(at);
      expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
      expect(at.gateway.failures()).toEqual([
        { digest: at.digest, donor: 'main', because: expect.stringMatching(because) },
      ]);
      const asked = at.first.seen.length;
      expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
      expect(at.first.seen).toHaveLength(asked);
      expect(at.gateway.served().map(({ donor }) => donor)).toEqual(['own', 'own']);
    },
  );

  const late: typeof cases = [
    ['wrong bytes', (at) => blobs((a) => a.end(Buffer.alloc(at.layer.length))), /does not match its digest/],
    [
      'a body cut off',
      (at) => blobs((a) => (half(a, at.layer), setTimeout(() => a.destroy(), 30))),
      /terminated|closed/,
    ],
    ['a body that stops coming', (at) => blobs((a) => half(a, at.layer)), /no answer within 30 s/],
    [
      'a body without a length that ends early',
      (at) => blobs((a) => (a.write(at.layer.subarray(0, 9)), a.end())),
      /ended after 9 of 300000/,
    ],
    ['a body without an end', (at) => blobs((a) => (a.write(at.layer), a.end('more'))), /longer than 300000/],
  ];
  test.each(late)(
    '%s: the connection breaks, and the next try goes to another',
    async (_what, interference, because) => {
      await using at = await openTwoDonors();
      at.first.interfere = interference(at);
      await expect(at.blob().then(bytesOf)).rejects.toThrow(/terminated|fetch failed/);
      expect(at.gateway.failures()).toMatchObject([
        { donor: 'main', because: expect.stringMatching(because) },
      ]);
      expect(at.gateway.served()).toEqual([]);
      expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
    },
  );

  test('and nobody else has it: 404 where that is final, 502 where it may pass', async () => {
    await using at = await openTwoDonors({ alone: true });
    at.first.interfere = blobs((a) => refuse(a, 404, 'BLOB_UNKNOWN'));
    expect((await at.blob()).status).toBe(404);
    at.first.interfere = blobs((a) => refuse(a, 500, 'UNKNOWN'));
    expect((await at.blob()).status).toBe(502);
    expect((await at.blob()).status, 'BuildKit would ask six times').toBe(404);
    at.first.interfere = () => undefined;
    expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
    expect(at.second.seen).toEqual([]);
  });
});

test('a client that tries TLS is told in plain text that there is none: an engine tries HTTP then', async () => {
  await using at = await openTwoDonors();
  const socket = tls.connect(Number(new URL(at.root).port), '127.0.0.1');
  const error = await new Promise<Error>((resolve) => void socket.once('error', resolve));
  expect(error).toMatchObject({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
});

describe('what others of this machine may try', () => {
  const wrong = 'f'.repeat(32);
  test.each<[string, (at: OpenedGateway) => string]>([
    ['another secret', (at) => `/v2/${wrong}/cache/blobs/${at.digest}`],
    ['no secret', (at) => `/v2/cache/blobs/${at.digest}`],
    ['an empty secret', (at) => `/v2//cache/blobs/${at.digest}`],
    [
      'a part of the secret',
      (at) => `${at.base.slice(at.root.length).replace(/.\/cache/, '/cache')}/manifests/merged`,
    ],
    [
      'another repository',
      (at) => `${at.base.slice(at.root.length).replace('/cache', '/other')}/manifests/merged`,
    ],
    ['another tag', (at) => `${at.base.slice(at.root.length)}/manifests/latest`],
    [
      'a blob that is not of this merge',
      (at) => `${at.base.slice(at.root.length)}/blobs/${digestOf(Buffer.of(1))}`,
    ],
    ['a way up', (at) => `${at.base.slice(at.root.length)}/blobs/../../../cache/main/blobs/${at.digest}`],
    ['a way up, encoded', (at) => `${at.base.slice(at.root.length)}/blobs/%2e%2e/${at.digest}`],
    ['a whole address', (at) => `http://${at.first.host}/v2/cache/main/blobs/${at.digest}`],
    ['the list of tags', (at) => `${at.base.slice(at.root.length)}/tags/list`],
    ['the catalogue', () => '/v2/_catalog'],
    ['the root', () => '/'],
    ['nothing', () => '*'],
  ])('%s is not found, and no donor hears of it', async (_what, path) => {
    await using at = await openTwoDonors();
    const socket = net.connect(Number(new URL(at.root).port), '127.0.0.1');
    socket.end(`GET ${path(at)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 404 .*\r\n\r\n$/s);
    expect([at.first.seen, at.second.seen, at.gateway.served()]).toEqual([[], [], []]);
    expect(at.gateway.reached()).toBe(false);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is not allowed', async (method) => {
    await using at = await openTwoDonors();
    const body = method === 'OPTIONS' ? {} : { body: 'x' };
    for (const path of ['blobs/uploads/', 'manifests/merged', `blobs/${at.digest}`]) {
      expect((await fetch(`${at.base}/${path}`, { method, ...body })).status).toBe(405);
    }
    expect([at.first.seen, at.second.seen, at.gateway.reached()]).toEqual([[], [], false]);
  });

  test.each<[string, string]>([
    ['garbage', '\u0000\u0001 no HTTP at all\r\n\r\n'],
    ['a line without end', `GET /${'a'.repeat(100_000)}`],
    ['headers without end', `GET / HTTP/1.1\r\n${'X-Y: 1\r\n'.repeat(20_000)}`],
    ['a tunnel', 'CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a lie about its length', 'GET /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n'],
  ])('%s ends the connection, and the next request is answered', async (_what, text) => {
    await using at = await openTwoDonors();
    const socket = net.connect(Number(new URL(at.root).port), '127.0.0.1').on('error', () => undefined);
    socket.write(text);
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
  });

  test('sixty-four connections are open at most, idle ones not for long', { timeout: 30_000 }, async () => {
    await using at = await openTwoDonors();
    const port = Number(new URL(at.root).port);
    const sockets = Array.from({ length: 100 }, () =>
      net.connect(port, '127.0.0.1').on('error', () => undefined),
    );
    let open = sockets.length;
    for (const socket of sockets) socket.resume().once('close', () => (open -= 1));
    await until(() => open <= 64);
    await until(() => open === 0);
    expect((await at.blob()).status).toBe(200);
  });
});

test('a thousand requests at once, half of them by clients that leave, are no trouble', async () => {
  await using at = await openTwoDonors({ size: 20_000 });
  const asked = Array.from({ length: 1000 }, async (_, i) => {
    const init = i % 2 === 0 ? {} : { signal: AbortSignal.timeout(i % 50) };
    return await at.blob(init).then(bytesOf, () => undefined);
  });
  const answers = await Promise.all(asked);
  // Over the limit a connection is refused; what is answered is right.
  const right = answers.filter((bytes) => bytes !== undefined);
  expect(right.length).toBeGreaterThan(0);
  expect(right.every((bytes) => digestOf(bytes) === at.digest)).toBe(true);
  expect(at.gateway.failures()).toEqual([]);
  expect(digestOf(await bytesOf(await at.blob()))).toBe(at.digest);
});

test('a client that leaves ends the transfer from the donor, and that is no failure', async () => {
  await using at = await openTwoDonors();
  let gone = false;
  at.first.interfere = blobs((answer) => {
    answer.writeHead(200, { 'content-length': at.layer.length }).write(at.layer.subarray(0, 1000));
    answer.once('close', () => (gone = true));
  });
  const stop = new AbortController();
  const answer = await at.blob({ signal: stop.signal });
  stop.abort();
  await expect(bytesOf(answer)).rejects.toThrow('aborted');
  await until(() => gone);
  expect([at.gateway.failures(), at.gateway.served()]).toEqual([[], []]);
});

test('a client that reads slowly slows the donor down instead of filling the memory', async () => {
  await using at = await openTwoDonors({ size: 64 * 1024 * 1024 });
  const answer = await at.blob();
  const reader = answer.body?.getReader();
  const before = process.memoryUsage().arrayBuffers;
  await reader?.read();
  await delay(300);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  await reader?.cancel();
});

describe('the end', () => {
  test.each(['by the run', 'by a signal'])('%s breaks off transfers and waits for nobody', async (how) => {
    await using at = await openTwoDonors();
    const stop = new AbortController();
    await using host = await openHost({ signal: stop.signal });
    at.first.interfere = blobs((a) => a.writeHead(200, { 'content-length': 300_000 }).write('x'));
    const donors = new Map([['main', { host: at.first.host, path: 'a' }]]);
    const gateway = await openGateway(at.cache, { registry: at.registry, donors, host });
    const [address = '', secret = ''] = gateway.ref.split('/');
    const answer = await fetch(`http://${address}/v2/${secret}/cache/blobs/${at.digest}`);
    if (how === 'by a signal') stop.abort(new Error('SIGTERM'));
    else await gateway.close();
    await expect(bytesOf(answer)).rejects.toThrow('terminated');
    await gateway.close();
    await gateway.close();
    await expect(fetch(`http://${address}/v2/`)).rejects.toThrow('fetch failed');
  });

  test('a run that is interrupted opens none', async () => {
    await using host = await openHost({ signal: AbortSignal.abort(new Error('SIGINT')) });
    await using at = await openTwoDonors();
    const opened = openGateway(at.cache, { registry: at.registry, donors: new Map(), host });
    await expect(opened).rejects.toThrow('SIGINT');
  });
});
