import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici';
import { expect, it } from 'vitest';
import { fetchHandler } from '../../src/platform/aws-handler.ts';

it('calls to AWS with a body get through where a proxy is configured', async () => {
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
  const { response } = await fetchHandler(fetch).handle({
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
