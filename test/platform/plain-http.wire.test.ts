import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createSilentServer, type Socket } from 'node:net';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../src/platform/http.ts';
import { plainHttp } from '../../src/platform/plain-http.ts';
import { messageOf } from '../../src/platform/errors.ts';

/** What a server was asked, as far as registries look at it. */
type Asked = readonly [method: string, path: string, login: string, type: string, body: string];

let here: Server;
let there: Server;
let asked: Asked[] = [];

beforeAll(async () => {
  [here, there] = await Promise.all([listen(), listen()]);
});
afterAll(() => {
  for (const server of [here, there]) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(): Promise<Server> {
  const server = createServer((request, answer) => void serve(request, answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const origin = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** `/301/there/x` answers with that status and leads to `/x` on the other server; other numbers are answered with a text. */
async function serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { method = '', url = '', headers } = request;
  let body = '';
  for await (const chunk of request) body += String(chunk);
  asked.push([method, url, headers.authorization ?? '', headers['content-type'] ?? '', body]);
  const [, status = '200', where = '', ...rest] = url.split('/');
  if (url === '/broken') {
    answer.writeHead(200, { 'content-length': 100 }).write('some');
    setTimeout(() => answer.destroy(), 20);
  } else if (status.startsWith('3') && where !== '') {
    const base = where === 'there' ? origin(there) : '';
    answer.writeHead(Number(status), { location: `${base}/${rest.join('/')}` }).end('moved');
  } else {
    answer
      .writeHead(Number(status), 'As It Is', { 'x-twice': ['a', 'b'], etag: '"1"' })
      .end(`text of ${url}`);
  }
}

async function textOf({ body }: HttpAnswer): Promise<string> {
  let text = '';
  for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
  return text;
}

/** How a connection is kept is the client's. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** What was answered, and what the servers were asked for it. */
async function told(client: HttpClient, target: string, request: Omit<HttpRequest, 'signal'>) {
  asked = [];
  try {
    const answer = await client(`${origin(here)}${target}`, {
      ...request,
      signal: new AbortController().signal,
    });
    const { ok, status, statusText, headers } = answer;
    const seen = [headers.get('X-Twice'), headers.get('etag'), headers.get('location'), headers.get('none')];
    const names = [...headers]
      .map(([name]) => name)
      .filter((name) => !OF_CONNECTIONS.has(name))
      .toSorted();
    return { ok, status, statusText, seen, names, text: await textOf(answer), asked };
  } catch (error) {
    return { error: messageOf(error), asked };
  }
}

const LOGIN = { authorization: 'Basic abc', 'content-type': 'text/x' };

describe('asks and answers as fetch does:', () => {
  it.each<[string, string, Partial<HttpRequest>]>([
    ['a success', '/200', {}],
    ['a name without content', '/200', { method: 'HEAD' }],
    ['something that is not there', '/404', {}],
    ['a body that is sent', '/201', { method: 'PUT', body: 'content' }],
    ['bytes that are sent', '/201', { method: 'POST', body: new Uint8Array([65, 66]) }],
    ['an empty upload', '/202', { method: 'POST' }],
    ['an upload that is given up', '/202', { method: 'DELETE' }],
    ['a redirect that is followed here', '/307/here/200', {}],
    ['a redirect that is followed there, without the login', '/302/there/200', {}],
    ['a way back, without the login', '/302/there/302/there/200', {}],
    ['a redirect that is given back', '/307/there/200', { redirect: 'manual' }],
    ['a body that is sent again', '/308/here/200', { method: 'PUT', body: 'content' }],
    ['a form that becomes a question', '/302/here/200', { method: 'POST', body: 'content' }],
    ['a put that stays one', '/302/here/200', { method: 'PUT', body: 'content' }],
    ['see other', '/303/here/200', { method: 'PUT', body: 'content' }],
    ['a head that stays one', '/303/here/200', { method: 'HEAD' }],
  ])('%s', async (_, target, request) => {
    const question = { method: 'GET', headers: LOGIN, ...request };
    const expected = await told(fetch, target, question);
    expect(await told(plainHttp(), target, question)).toEqual(expected);
    expect(expected.asked.length).toBeGreaterThan(0);
  });
});

describe('there is no answer', () => {
  const ask = async (url: string, signal = new AbortController().signal): Promise<HttpAnswer> =>
    await plainHttp()(url, { method: 'GET', headers: {}, signal });

  it('where nobody listens', async () => {
    const gone = await listen();
    const url = origin(gone);
    gone.close();
    await expect(ask(url)).rejects.toThrow('fetch failed');
    expect(messageOf(await ask(url).catch((error: unknown) => error))).toMatch(
      /^fetch failed: connect ECONNREFUSED/,
    );
  });

  it('of a body that breaks off', async () => {
    await expect(textOf(await ask(`${origin(here)}/broken`))).rejects.toThrow(/aborted/);
  });

  it('where redirects lead in a circle, or to no web address', async () => {
    const circle = createServer((_, answer) => answer.writeHead(302, { location: '/' }).end());
    circle.listen(0, '127.0.0.1');
    await once(circle, 'listening');
    await expect(
      ask(origin(circle)).catch((error: unknown) => Promise.reject(new Error(messageOf(error)))),
    ).rejects.toThrow('redirect count exceeded');
    circle.close();
    const elsewhere = createServer((_, answer) =>
      answer.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    await expect(ask(origin(elsewhere))).rejects.toThrow('fetch failed');
    elsewhere.close();
  });

  it('after the run was interrupted, before or while it is asked', async () => {
    const stop = new AbortController();
    const asking = ask(`${origin(here)}/200`, stop.signal);
    stop.abort();
    await expect(asking).rejects.toThrow('fetch failed');
    await expect(ask(`${origin(here)}/200`, stop.signal)).rejects.toThrow('fetch failed');
  });
});

describe('tells whether a question is sent:', () => {
  const ask = (url: string) => {
    const stop = new AbortController();
    const steps: boolean[] = [];
    const request = { method: 'GET', headers: {}, signal: stop.signal };
    const asking = plainHttp()(url, { ...request, onSent: (sent) => steps.push(sent) });
    const giveUp = async (): Promise<void> => {
      stop.abort();
      await Promise.allSettled([asking]);
    };
    return { steps, asking, giveUp };
  };

  it('at each step of redirects', async () => {
    const { steps, asking } = ask(`${origin(here)}/302/there/200`);
    await textOf(await asking);
    expect(steps).toEqual([false, true, false, true]);
  });

  it.each([
    ['http', [false, true]],
    // There is no secure connection yet: nothing was asked, given up or not.
    ['https', [false]],
  ])('by %s to somebody who says nothing', async (protocol, expected) => {
    const silent = createSilentServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { steps, giveUp } = ask(`${protocol}://127.0.0.1:${port}/`);
    const [socket] = (await once(silent, 'connection')) as [Socket];
    // The first bytes of the question, or of what makes the connection secure.
    await once(socket, 'data');
    await Promise.all([once(socket, 'close'), giveUp()]);
    expect(steps).toEqual(expected);
    silent.close();
  });
});

it('keeps a connection for the next question', async () => {
  const client = plainHttp();
  const own = await listen();
  let connections = 0;
  own.on('connection', () => (connections += 1));
  for (let i = 0; i < 3; i += 1) {
    const { signal } = new AbortController();
    await textOf(await client(`${origin(own)}/200`, { method: 'GET', headers: {}, signal }));
  }
  expect(connections).toBe(1);
  own.closeAllConnections();
  own.close();
});

it('believes a server that speaks TLS only with a certificate that is known', async () => {
  // A pair for this test alone, made with `openssl req -x509 -newkey ec`.
  const [key, cert] = ['key.pem', 'certificate.pem'].map((name) =>
    path.join(import.meta.dirname, '../fixtures/tls', name),
  ) as [string, string];
  const server = createSecureServer({ key: await readFile(key), cert: await readFile(cert) }, (_, answer) =>
    answer.end('text'),
  );
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  const { signal } = new AbortController();
  const asking = plainHttp()(url, { method: 'GET', headers: {}, signal });
  expect(messageOf(await asking.catch((error: unknown) => error))).toBe(
    'fetch failed: self-signed certificate',
  );
  const script = `import { plainHttp } from '${import.meta.resolve('../../dist/src/platform/plain-http.js')}';
    const { signal } = new AbortController();
    const answer = await plainHttp()('${url}', { method: 'GET', headers: {}, signal });
    for await (const chunk of answer.body) console.log(String(chunk));`;
  const env = { NODE_EXTRA_CA_CERTS: cert };
  const known = await execa(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(known.stdout).toBe('text');
  server.closeAllConnections();
  server.close();
});
