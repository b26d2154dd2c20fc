import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici';
import { expect, it } from 'vitest';
import { AnswerTooLarge, fetchHandler } from '../../src/platform/aws-handler.ts';
import { plainHttp } from '../../src/platform/plain-http.ts';

it.each([
  ['where a proxy is configured', fetch],
  ['where none is', plainHttp()],
])('calls to AWS with a body get through %s', async (_, client) => {
  const bodies: string[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      bodies.push(`${request.headers['content-length']} ${body}`);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The dispatcher that main.ts installs; this file has a process of its own.
  setGlobalDispatcher(new EnvHttpProxyAgent({ noProxy: '127.0.0.1' }));
  const { port } = server.address() as AddressInfo;
  const { response } = await fetchHandler(client).handle({
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    method: 'POST',
    path: '/',
    headers: { 'content-length': '5' },
    body: 'hello',
  });
  expect(response.statusCode).toBe(200);
  expect(bodies).toEqual(['5 hello']);
  server.close();
});

it.each([
  ['that says so', fetch, true],
  ['that does not say so', fetch, false],
  ['that says so, without a proxy', plainHttp(), true],
  ['that does not say so, without a proxy', plainHttp(), false],
])('an answer that is too large, %s, is not read to its end', async (_, client, says) => {
  let closed = (): void => undefined;
  const ended = new Promise<void>((resolve) => (closed = resolve));
  const server = http.createServer((_request, response) => {
    response.writeHead(200, says ? { 'content-length': '1000000' } : {});
    response.write('x'.repeat(2_000));
    response.on('close', closed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const request = { protocol: 'http:', hostname: '127.0.0.1', port, method: 'GET', path: '/', headers: {} };
  await expect(fetchHandler(client, 1_000).handle(request)).rejects.toThrow(AnswerTooLarge);
  await ended;
  server.close();
});
