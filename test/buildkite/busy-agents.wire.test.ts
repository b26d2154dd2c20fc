import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { busyByInstance } from '../../src/buildkite/busy-agents.ts';
import type { Event } from '../../src/platform/events.ts';
import { clock } from '../../parts/ci-job/clock.ts';

const atEnd: (() => void)[] = [];
afterEach(() => atEnd.splice(0).forEach((end) => end()));

/** Buildkite's API with these agents, and a host that reaches it. */
async function buildkite(agents: readonly object[], status = 200) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
    response.writeHead(status).end(JSON.stringify(agents.slice((page - 1) * 100, page * 100)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd.push(() => void server.close());
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const events: Event[] = [];
  const reach = async (url: unknown, init?: RequestInit) =>
    await fetch((url as string).replace('https://api.buildkite.com', own), init);
  const env = { BUILDKITE_API_TOKEN: 'token', BUILDKITE_ORGANIZATION_SLUG: 'acme' };
  const signal = new AbortController().signal;
  return {
    asked,
    events,
    host: { env, clock, signal, fetch: reach, emit: (event: Event) => void events.push(event) },
  };
}

test('an instance is busy when one of its agents has a job, on whatever page', async () => {
  const others = Array.from({ length: 120 }, (_, number) => ({ name: `laptop-${number}` }));
  const { host, asked } = await buildkite([
    { name: 'main-i-00000000000000001-1', job: { id: 'x' } },
    { name: 'main-i-00000000000000001-2', job: null },
    ...others,
    { name: 'main-i-00000000000000002-1' },
  ]);
  expect([...(await busyByInstance(host))]).toEqual([
    ['i-00000000000000001', 'busy'],
    ['i-00000000000000002', 'idle'],
  ]);
  expect(asked[1]).toBe('/v2/organizations/acme/agents?per_page=100&page=2 Bearer token');
});

test('without a token nobody is asked', async () => {
  const { host, asked } = await buildkite([]);
  expect((await busyByInstance({ ...host, env: {} })).size).toBe(0);
  expect(asked).toEqual([]);
});

test('what cannot be asked is a warning, without the token', async () => {
  const { host, events } = await buildkite([], 401);
  expect((await busyByInstance(host)).size).toBe(0);
  expect(JSON.stringify(events)).toContain('Buildkite answered 401');
  expect(JSON.stringify(events)).not.toContain('token');
});
