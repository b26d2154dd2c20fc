import type { Host } from '../platform/host.ts';
import { type Challenge, readChallenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { exchange, type Response } from './exchange.ts';
import { type Access, createGrants, type Grant } from './grants.ts';
import { isLoopback } from './reference.ts';
import { type Missing, type Oversized, readRefusal, type Refusal, type Setback } from './refusal.ts';
import { waitBeforeRetry } from './retry.ts';

/** A request to a registry, before logins, time-outs and repetitions. */
export interface Ask {
  readonly access: Access;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query on the registry's host. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Bytes of a body that is read; default 64 KiB. */
  readonly limit?: number;
  readonly redirect?: 'follow' | 'manual';
  /** The body of a success is not read but handed over. */
  readonly stream?: boolean;
}

/** How long a caller waits. */
export interface Patience {
  /** Ends the work; default the run's signal. */
  readonly signal?: AbortSignal;
  /** For one answer; default 10 s. */
  readonly timeoutMs?: number;
  /** No repetition starts later than this; default 20 s. 0 asks once. */
  readonly patienceMs?: number;
}

/** A success (2xx or 3xx), or why there is none. */
export type RegistryOutcome = Response | Oversized | Missing | Refusal;

/** Asks a registry. Rejects only with the reason of the signal. */
export type Transport = (ask: Ask, patience?: Patience) => Promise<RegistryOutcome>;

const ERROR_LIMIT = 64 * 1024;

/** What ECR takes, whatever it answered. */
const BASIC: Challenge = { scheme: 'basic' };

/** Where a registry answers; Docker Hub's API has a name of its own. Addresses of this machine speak plain HTTP. */
export function originOf(host: string): string {
  if (host === 'docker.io') return 'https://registry-1.docker.io';
  return `${isLoopback(host) ? 'http' : 'https'}://${host}`;
}

/** A {@link Transport} with logins; `host.random` spreads repetitions. */
export function createTransport(host: Host, credentials: Credentials): Transport {
  const grants = createGrants(host, credentials);

  async function send(ask: Ask, grant: Grant | undefined, wait: Required<Patience>) {
    const { method, headers = {}, body, redirect = 'follow', limit = ERROR_LIMIT, stream = false } = ask;
    const login = grant?.header === undefined ? {} : { authorization: grant.header };
    const init = {
      method,
      headers: { ...headers, ...login },
      redirect,
      ...(body === undefined ? {} : { body }),
    };
    const url = `${originOf(ask.access.host)}${ask.target}`;
    const { timeoutMs, signal } = wait;
    return await exchange({ url, init, limit, stream, timeoutMs, signal }, host);
  }

  /** One try: the request, and where its 401 asks for it a new grant, and one more from a fresh login. */
  async function attempt(ask: Ask, wait: Required<Patience>): Promise<RegistryOutcome | Setback> {
    let held = grants.held(ask.access);
    let grant = granted(await held);
    let answer = await send(ask, grant, wait);
    for (const fresh of [false, true]) {
      const challenge = challengeOf(answer);
      if (challenge === undefined || grant?.credential.kind === 'anonymous') break;
      held = grants.renew(ask.access, { challenge, refused: held, fresh, timeoutMs: wait.timeoutMs });
      const next = await held;
      if (next.state === 'granted') {
        const same = next.header === grant?.header;
        grant = next;
        if (!same) answer = await send(ask, grant, wait);
      } else if (next.state !== 'denied' || fresh) {
        return next;
      }
    }
    if (await isExpired(ask, answer, { grant, wait })) {
      held = grants.renew(ask.access, {
        challenge: BASIC,
        refused: held,
        fresh: true,
        timeoutMs: wait.timeoutMs,
      });
      grant = granted(await held);
      answer = await send(ask, grant, wait);
    }
    return answer.state === 'answered' && answer.status >= 400 ? judge(answer, grant) : answer;
  }

  /** ECR answers 403 to a token that has run out, and says so in the body, which an answer to HEAD does not have. */
  async function isExpired(
    ask: Ask,
    answer: RegistryOutcome | Setback,
    { grant, wait }: { readonly grant: Grant | undefined; readonly wait: Required<Patience> },
  ): Promise<boolean> {
    if (answer.state !== 'answered' || answer.status !== 403) return false;
    if (grant?.header?.startsWith('Basic ') !== true) return false;
    const asked =
      ask.method === 'HEAD' && answer.body.length === 0
        ? await send({ ...ask, method: 'GET', limit: ERROR_LIMIT, stream: false }, grant, wait)
        : answer;
    return (
      asked.state === 'answered' &&
      asked.status === 403 &&
      /token has expired/i.test(new TextDecoder().decode(asked.body))
    );
  }

  function judge(answer: Response, grant: Grant | undefined): Missing | Setback {
    const body = new TextDecoder().decode(answer.body);
    const refusal = readRefusal(answer, body, { now: host.clock.now() });
    if (refusal.state !== 'denied' || grant?.credential.kind !== 'anonymous') return refusal;
    const { because } = grant.credential;
    const reason = `asked anonymously${because === undefined ? '' : `, ${because}`}`;
    return { ...refusal, because: `${refusal.because}, ${reason}` };
  }

  return async (ask, patience = {}) => {
    const wait = { signal: host.signal, timeoutMs: 10_000, patienceMs: 20_000, ...patience };
    const start = host.clock.now().getTime();
    for (let tries = 1; ; tries += 1) {
      const outcome = await attempt(ask, wait);
      if (!('transient' in outcome)) return outcome;
      const elapsedMs = host.clock.now().getTime() - start;
      const effort = { tries, elapsedMs, patienceMs: wait.patienceMs, jitter: host.random() };
      const delay = waitBeforeRetry(outcome, effort);
      if (delay === undefined) {
        const { state, because, silent } = outcome;
        return { state, because, ...(silent === undefined ? {} : { silent }) };
      }
      await host.clock.sleep(delay, wait.signal);
    }
  };
}

function challengeOf(answer: RegistryOutcome | Setback): Challenge | undefined {
  const refused = answer.state === 'answered' && answer.status === 401;
  return refused ? readChallenge(answer.headers.get('www-authenticate') ?? '') : undefined;
}

function granted(grant: Grant | Setback | undefined): Grant | undefined {
  return grant?.state === 'granted' ? grant : undefined;
}
