import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startLink } from '../../bake/bench/link.ts';

test('a link hands on every byte, counts them in both directions, and takes its round trips', async () => {
  const body = Buffer.alloc(300_000, 'warm');
  const server = createServer((request, answer) => void request.resume().on('end', () => answer.end(body)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link = await startLink(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    link.roundTrip = 40;
    const began = performance.now();
    const answer = await fetch(`http://${link.host}/`, { method: 'POST', body: Buffer.alloc(100_000) });
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    // One for the connection, one for the request; timers of Node may be a millisecond early.
    expect(performance.now() - began).toBeGreaterThanOrEqual(78);
    const { pulled, pushed } = link.taken();
    expect(pulled).toBeGreaterThan(300_000);
    expect(pulled).toBeLessThan(301_000);
    expect(pushed).toBeGreaterThan(100_000);
    expect(pushed).toBeLessThan(101_000);
    expect(link.taken()).toEqual({ pulled: 0, pushed: 0 });
  } finally {
    await link.stop();
    server.closeAllConnections();
    server.close();
  }
});
