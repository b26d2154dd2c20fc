import type { Host } from '../platform/host.ts';
import { encodeLogin } from './basic-login.ts';
import type { Challenge } from './challenge.ts';
import type { Credential } from './credential.ts';
import type { Credentials } from './credentials.ts';
import { exchange } from './exchange.ts';
import { readRefusal, type Setback } from './refusal.ts';
import { readToken, type TokenRequest, tokenRequest } from './token.ts';

/** A repository and what is to be done there. */
export interface Access {
  readonly host: string;
  readonly path: string;
  readonly actions: 'pull' | 'pull,push';
  /** A second repository of the same registry, of which something is mounted: it must be readable with the same grant. */
  readonly from?: string;
}

/** The right to ask: the Authorization header, none for an anonymous request, and the login it came from. */
export interface Grant {
  readonly state: 'granted';
  readonly header: string | undefined;
  readonly credential: Credential;
}

/** What the registry said to the request that needs another grant. */
export interface Renewal {
  readonly challenge: Challenge;
  /** The grant that was refused, as {@link Grants.held} gave it. */
  readonly refused: Promise<Grant | Setback> | undefined;
  /** Ask the source of the login again. */
  readonly fresh: boolean;
  readonly timeoutMs: number;
}

/** Rights by host and repository, kept as long as the client lives and shared by requests that run side by side. */
export interface Grants {
  held(access: Access): Promise<Grant | Setback> | undefined;
  renew(access: Access, renewal: Renewal): Promise<Grant | Setback>;
}

const TOKEN_LIMIT = 1024 * 1024;

/** See {@link Grants}. */
export function createGrants(host: Host, credentials: Credentials): Grants {
  const grants = new Map<string, Promise<Grant | Setback>>();

  async function obtain(access: Access, { challenge, fresh, timeoutMs }: Renewal): Promise<Grant | Setback> {
    const credential = await credentials.lookUp(access.host, { fresh });
    if (challenge.scheme === 'basic') return basicGrant(credential);
    const scope = scopeOf(access);
    const request = tokenRequest(challenge, credential, { host: access.host, scope });
    if ('state' in request) return request;
    const token = await fetchToken(request, { timeoutMs, host });
    return typeof token === 'string' ? { state: 'granted', header: `Bearer ${token}`, credential } : token;
  }

  return {
    held: (access) => grants.get(keyOf(access)),
    renew(access, renewal) {
      const key = keyOf(access);
      const current = grants.get(key);
      // Another request was quicker: its grant is younger than the one that was refused.
      if (current !== undefined && current !== renewal.refused) return current;
      const next = obtain(access, renewal);
      grants.set(key, next);
      return next;
    },
  };
}

function keyOf(access: Access): string {
  return `${access.host} ${scopeOf(access)}`;
}

/** As registries write it into their challenge: resources with a space between them. */
function scopeOf({ path, actions, from }: Access): string {
  const other = from === undefined ? [] : [`repository:${from}:pull`];
  return [`repository:${path}:${actions}`, ...other].join(' ');
}

function basicGrant(credential: Credential): Grant | Setback {
  switch (credential.kind) {
    case 'basic':
      return { state: 'granted', header: `Basic ${encodeLogin(credential)}`, credential };
    case 'anonymous':
      return { state: 'granted', header: undefined, credential };
    case 'identity-token':
      return { state: 'denied', because: 'the registry takes no identity token', transient: false };
  }
}

async function fetchToken(
  request: TokenRequest,
  { timeoutMs, host }: { readonly timeoutMs: number; readonly host: Host },
): Promise<string | Setback> {
  const blame = (setback: Setback): Setback => ({ ...setback, because: `token service: ${setback.because}` });
  const final = (because: string): Setback => blame({ state: 'failed', because, transient: false });

  const response = await exchange({ ...request, limit: TOKEN_LIMIT, timeoutMs, signal: host.signal }, host);
  if (response.state === 'oversized') return final(`answer of ${response.because}`);
  if (response.state !== 'answered') return blame(response);
  const body = new TextDecoder().decode(response.body);
  if (response.status !== 200) {
    const refusal = readRefusal(response, body, { now: host.clock.now() });
    return refusal.state === 'missing' ? final('404 Not Found') : blame(refusal);
  }
  return readToken(body) ?? final('no token in the answer');
}
