import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Running } from '../../parts/part.ts';

/** A way to a registry that takes time, and counts what goes along. */
export interface Link extends Running {
  /** `127.0.0.1:PORT`: to be used in references in place of the registry's. */
  readonly host: string;
  /** For a byte to the registry and its answer back, in milliseconds. */
  roundTrip: number;
  /** Bytes since this was asked last, heads of requests and answers included. */
  taken(): { readonly pulled: number; readonly pushed: number };
}

/** Starts one in front of `target` (`127.0.0.1:PORT`). Its width is not limited; a new connection takes a round trip, as with TCP. */
export async function startLink(target: string): Promise<Link> {
  const [hostname = '', port = ''] = target.split(':');
  const open = new Set<Socket>();
  let pulled = 0;
  let pushed = 0;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const registry = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    const established = Date.now() + link.roundTrip;
    pass(client, registry, { from: established, count: (bytes) => (pushed += bytes) });
    pass(registry, client, { from: established, count: (bytes) => (pulled += bytes) });
    for (const [socket, other] of [
      [client, registry],
      [registry, client],
    ] as const) {
      open.add(socket);
      socket.once('close', () => {
        open.delete(socket);
        setTimeout(() => other.destroy(), link.roundTrip);
      });
      socket.on('error', () => socket.destroy());
    }
  });

  /** Hands on each piece half a round trip after it came, in their order. */
  function pass(
    source: Socket,
    sink: Socket,
    { from, count }: { readonly from: number; readonly count: (bytes: number) => void },
  ): void {
    const waiting: (() => void)[] = [];
    const later = (hand: () => void): void => {
      const wait = Math.max(0, from - Date.now()) + link.roundTrip / 2;
      if (wait === 0 && waiting.length === 0) return hand();
      waiting.push(hand);
      // A timer that was set later for a shorter time can end before: whichever ends, what came first goes first.
      setTimeout(() => waiting.shift()?.(), wait);
    };
    source.on('data', (bytes) => {
      count(bytes.length);
      later(() => void (sink.destroyed || sink.write(bytes)));
    });
    source.on('end', () => later(() => void (sink.destroyed || sink.end())));
  }

  const link: Link = {
    host: '',
    roundTrip: 0,
    taken: () => {
      const taken = { pulled, pushed };
      pulled = 0;
      pushed = 0;
      return taken;
    },
    stop: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await Promise.resolve();
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(link, { host: `127.0.0.1:${(server.address() as AddressInfo).port}` });
}
