import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeAccount } from '../fake/account.ts';
import type { Running } from '../../../parts/part.ts';
import { answerOf, Refused } from './answers.ts';
import { ssmAnswer } from './ssm.ts';
import { xmlOf } from './xml.ts';

/** What a service takes: so many requests a second, and so many at once after a pause. */
export interface Allowance {
  readonly perSecond: number;
  readonly burst: number;
}

/** AWS's own wire protocols in front of a fake account, on the loopback: as far away and as narrow as it is told to be. */
export interface LargeFront {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
  /** Every request with what became of it, `cloudformation:DescribeStacks`. */
  readonly calls: { readonly action: string; readonly throttled: boolean; readonly body: string }[];
  /** By service, as signatures name it. */
  readonly allowances: Map<string, Allowance>;
  /** Services that take requests and never answer. */
  readonly silent: Set<string>;
}

/** Starts it; each answer comes after `delayMs`. */
export async function startLargeFront(
  fake: FakeAccount,
  { delayMs }: { readonly delayMs: number },
): Promise<LargeFront & Running> {
  const front = {
    url: '',
    calls: [] as LargeFront['calls'],
    allowances: new Map<string, Allowance>(),
    silent: new Set<string>(),
  };
  const buckets = new Map<string, { tokens: number; at: number }>();
  const takes = (service: string): boolean => {
    const allowance = front.allowances.get(service);
    if (allowance === undefined) return true;
    const now = Date.now();
    const had = buckets.get(service) ?? { tokens: allowance.burst, at: now };
    const tokens = Math.min(allowance.burst, had.tokens + ((now - had.at) / 1_000) * allowance.perSecond);
    buckets.set(service, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    return tokens >= 1;
  };
  const reply = async (request: IncomingMessage): Promise<readonly [number, string] | undefined> => {
    const body = await text(request);
    const service = /\/([\w-]+)\/aws4_request/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const target = request.headers['x-amz-target'];
    const form = new URLSearchParams(body);
    const action = typeof target === 'string' ? (target.split('.')[1] ?? '') : (form.get('Action') ?? '');
    const throttled = !takes(service);
    front.calls.push({ action: `${service}:${action}`, throttled, body });
    if (front.silent.has(service)) return undefined;
    await sleep(delayMs);
    const isJson = typeof target === 'string';
    if (throttled)
      return refusal(service, isJson, service === 'ec2' ? 'RequestLimitExceeded' : 'ThrottlingException');
    try {
      if (isJson) return [200, JSON.stringify(await ssmAnswer(fake, action, JSON.parse(body) as object))];
      const inner = xmlOf(await answerOf(fake, { action, form }), service === 'ec2' ? 'item' : 'member');
      return [200, `<${action}Response>${inner}</${action}Response>`];
    } catch (error) {
      if (error instanceof Refused) return refusal(service, isJson, error.message);
      throw error;
    }
  };
  const server = createServer((request, response) => {
    const send = async (): Promise<void> => {
      const answer = await reply(request);
      if (answer === undefined) return;
      const [status, body] = answer;
      const type = body.startsWith('{') ? 'application/x-amz-json-1.1' : 'text/xml';
      response.writeHead(status, { 'content-type': type }).end(body);
    };
    send().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  front.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(front, { stop });
}

function refusal(service: string, isJson: boolean, code: string): readonly [number, string] {
  if (isJson) return [400, JSON.stringify({ __type: code, message: 'said by the front' })];
  const error = `<Error><Code>${code}</Code><Message>said by the front</Message></Error>`;
  if (service !== 'ec2') return [400, `<ErrorResponse>${error}</ErrorResponse>`];
  return [code === 'RequestLimitExceeded' ? 503 : 400, `<Response><Errors>${error}</Errors></Response>`];
}
