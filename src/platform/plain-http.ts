import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { HttpAnswer, HttpClient, HttpRequest } from './http.ts';

/** Servers close what is idle without a word, and who asks on such a connection gets no answer: it is closed here before, after 4 s. */
const KEPT = { keepAlive: true, timeout: 4_000 } as const;
/** As many as `fetch` follows. */
const REDIRECTS = 20;

/**
 * An {@link HttpClient} on Node's own `http`, without proxies: `fetch` takes 100 ms of processor for its first dozen requests, most
 * of it for compiling its parser (Node 20). Bodies come as they are sent; compressed ones are not asked for. A login is not
 * taken along where a redirect leaves the origin.
 */
export function plainHttp(): HttpClient {
  const plain: Means = { request: http.request, agent: new http.Agent(KEPT) };
  let secure: Promise<Means> | undefined;

  async function meansFor({ protocol }: URL): Promise<Means> {
    if (protocol === 'http:') return plain;
    if (protocol !== 'https:') throw new Error(`'${protocol}' is no protocol of a registry`);
    secure ??= openSecure();
    return await secure;
  }

  async function ask(
    url: URL,
    { method, headers, body, signal, onSent }: HttpRequest,
  ): Promise<IncomingMessage> {
    onSent?.(false);
    const { request, agent } = await meansFor(url);
    return await new Promise((resolve, reject) => {
      const asked = request(url, { method, headers: { ...ALWAYS, ...headers }, agent, signal });
      asked.once('finish', () => onSent?.(true));
      // Errors of the body come by the body; one that follows on an answer is nobody's.
      asked.once('response', resolve).on('error', reject).end(body);
    });
  }

  return async (address, request) => {
    let [url, next] = [new URL(address), request];
    try {
      for (let count = 0; ; count += 1) {
        const message = await ask(url, next);
        const location = message.headers.location;
        const { statusCode = 0 } = message;
        if (request.redirect === 'manual' || location === undefined || !REDIRECTING.has(statusCode))
          return answerOf(message);
        message.resume();
        if (count === REDIRECTS) throw new Error('redirect count exceeded');
        const target = new URL(location, url);
        next = redirected(next, statusCode, { leaves: target.origin !== url.origin });
        url = target;
      }
    } catch (cause) {
      throw new Error('fetch failed', { cause });
    }
  };
}

interface Means {
  readonly request: (url: URL, options: http.RequestOptions) => ClientRequest;
  readonly agent: http.Agent;
}

/** Loaded for the first of its kind. */
async function openSecure(): Promise<Means> {
  const { Agent, request } = await import('node:https');
  return { request, agent: new Agent(KEPT) };
}

const ALWAYS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'warmbake' };

const REDIRECTING: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What is asked at the new address (fetch.spec.whatwg.org, "HTTP-redirect fetch"). */
function redirected(
  { method, headers, body, ...rest }: HttpRequest,
  status: number,
  { leaves }: { readonly leaves: boolean },
): HttpRequest {
  const becomesGet =
    status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
  const dropped = new Set([...(leaves ? ['authorization'] : []), ...(becomesGet ? ['content-type'] : [])]);
  const kept = Object.entries(headers).filter(([name]) => !dropped.has(name.toLowerCase()));
  return {
    ...rest,
    method: becomesGet ? 'GET' : method,
    headers: Object.fromEntries(kept),
    ...(body === undefined || becomesGet ? {} : { body }),
  };
}

function answerOf(message: IncomingMessage): HttpAnswer {
  const { statusCode: status = 0, statusMessage: statusText = '', headers } = message;
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText,
    headers: {
      get: (name) => joined(headers[name.toLowerCase()]) || null,
      *[Symbol.iterator]() {
        for (const [name, value] of Object.entries(headers)) yield [name, joined(value)];
      },
    },
    body: message,
  };
}

function joined(value: string | readonly string[] = []): string {
  return [value].flat().join(', ');
}
