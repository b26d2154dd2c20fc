import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from './part.ts';

/** What goes wrong with a request. */
export type Fault =
  /** Answers itself; the registry never hears of it. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
    }
  /** Passes the request on after so many milliseconds. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Passes the request on and breaks the connection after so many bytes of the answer's body. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** Breaks the connection at once. */
  | { readonly kind: 'reset' }
  /** Never answers. */
  | { readonly kind: 'hang' };

/** The first line of a request; `path` includes the query. */
export interface Asked {
  readonly method: string;
  readonly path: string;
}

/** The first rule that matches a request decides about it; what no rule matches passes untouched. */
export interface Rule {
  readonly on: (asked: Asked) => boolean;
  readonly fault: Fault;
  /** The rule is used up after so many requests. Default: never. */
  readonly times?: number;
}

/** A proxy in front of a registry that breaks what it is told to. */
export interface Faults {
  /** `127.0.0.1:PORT`: to be used in references in place of the registry's. */
  readonly host: string;
  /** Every request so far, in order of arrival, with the status that went back, where one did. */
  readonly requests: readonly (Asked & { readonly status?: number })[];
  /** Replaces all rules. */
  readonly set: (rules: readonly Rule[]) => void;
}

function forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse, cut?: number): void {
  const [hostname, port] = target.split(':');
  const { method, url: path, headers } = incoming;
  const upstream = request({ hostname, port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    if (cut === undefined) answer.pipe(outgoing);
    else void cutAfter(cut, answer, outgoing);
  });
  upstream.on('error', () => {
    outgoing.destroy();
  });
  outgoing.once('close', () => {
    upstream.destroy();
  });
  incoming.pipe(upstream);
}

async function cutAfter(bytes: number, answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let left = bytes;
  outgoing.flushHeaders();
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    outgoing.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  // Lets the bytes reach the other side before the connection breaks.
  await sleep(20);
  outgoing.destroy();
}

async function apply(
  fault: Fault | undefined,
  target: string,
  exchange: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse },
): Promise<void> {
  const { incoming, outgoing } = exchange;
  switch (fault?.kind) {
    case 'answer':
      incoming.resume();
      outgoing.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    case 'reset':
      incoming.socket.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'delay':
      await sleep(fault.milliseconds);
      forward(target, incoming, outgoing);
      return;
    case 'cut':
      forward(target, incoming, outgoing, fault.bytes);
      return;
    case undefined:
      forward(target, incoming, outgoing);
  }
}

/** Starts a proxy in front of `target` (`127.0.0.1:PORT`, plain HTTP) that so far breaks nothing. */
export async function startFaults(target: string): Promise<Faults & Running> {
  let rules: readonly { readonly rule: Rule; left: number }[] = [];
  const requests: (Asked & { status?: number })[] = [];

  const server = createServer((incoming, outgoing) => {
    const asked: Faults['requests'][number] & { status?: number } = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
    };
    requests.push(asked);
    outgoing.once('finish', () => {
      asked.status = outgoing.statusCode;
    });
    const hit = rules.find(({ rule, left }) => left > 0 && rule.on(asked));
    if (hit !== undefined) hit.left -= 1;
    void apply(hit?.rule.fault, target, { incoming, outgoing });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    set: (next) => {
      rules = next.map((rule) => ({ rule, left: rule.times ?? Infinity }));
    },
    stop: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
