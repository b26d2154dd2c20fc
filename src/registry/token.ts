import * as z from 'zod';

import { encodeLogin } from './basic-login.ts';
import type { Challenge } from './challenge.ts';
import type { Credential } from './credential.ts';
import { isLoopback } from './reference.ts';
import type { Setback } from './refusal.ts';

type Bearer = Extract<Challenge, { scheme: 'bearer' }>;

/** A request to a token service. */
export interface TokenRequest {
  readonly url: string;
  readonly init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly redirect?: 'manual';
  };
}

/** Token services call it one name or the other (distribution specification, "token"). */
const TokenAnswer = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/**
 * The request that turns a credential into a token for `scope`. A realm is whatever the registry wrote, so a credential goes
 * to it by https only, or between two addresses of this machine.
 */
export function tokenRequest(
  challenge: Bearer,
  credential: Credential,
  { host, scope }: { readonly host: string; readonly scope: string },
): TokenRequest | Setback {
  const realm = URL.canParse(challenge.realm) ? new URL(challenge.realm) : undefined;
  const local = realm?.protocol === 'http:' && isLoopback(realm.host) && isLoopback(host);
  if (realm === undefined || !(realm.protocol === 'https:' || local)) {
    const because = `the registry names '${challenge.realm}' as its token service, which is not a https address`;
    return { state: 'failed', because, transient: false };
  }
  const service = challenge.service === undefined ? {} : { service: challenge.service };
  const wanted = challenge.scope ?? scope;
  if (credential.kind === 'identity-token') {
    const form = {
      grant_type: 'refresh_token',
      client_id: 'warmbake',
      ...service,
      scope: wanted,
      refresh_token: credential.token,
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    // A redirect would carry the body, and the token in it, to wherever it points.
    const body = new URLSearchParams(form).toString();
    return { url: realm.href, init: { method: 'POST', headers, body, redirect: 'manual' } };
  }
  for (const [name, value] of Object.entries(service)) realm.searchParams.set(name, value);
  // One parameter a resource here, one list with spaces in the form above (distribution, spec/auth/token and /oauth).
  realm.searchParams.delete('scope');
  for (const resource of wanted.split(' ')) realm.searchParams.append('scope', resource);
  const headers = credential.kind === 'basic' ? { authorization: `Basic ${encodeLogin(credential)}` } : {};
  return { url: realm.href, init: { method: 'GET', headers } };
}

/** The token in the service's answer; `undefined` where there is none. */
export function readToken(body: string): string | undefined {
  try {
    const answer = TokenAnswer.parse(JSON.parse(body));
    return answer.token ?? answer.access_token;
  } catch {
    return undefined;
  }
}
