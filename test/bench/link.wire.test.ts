import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
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

/** Sends `pieces` one by one while the connection is still being made; answers with what came back. */
async function echoed(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('utf8');
  let back = '';
  socket.on('data', (text) => (back += String(text)));
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await nextTurn();
  }
  socket.end();
  await once(socket, 'close');
  return back;
}

test('what is sent in many pieces arrives in the order in which it was sent', async () => {
  const echo = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => socket.pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const link = await startLink(`127.0.0.1:${(echo.address() as AddressInfo).port}`);
  const pieces = Array.from({ length: 500 }, (_, i) => `${i} `);
  try {
    link.roundTrip = 40;
    const port = Number(link.host.split(':')[1]);
    for (let connection = 0; connection < 5; connection += 1) {
      expect(await echoed(port, pieces)).toBe(pieces.join(''));
    }
  } finally {
    await link.stop();
    echo.close();
  }
});
