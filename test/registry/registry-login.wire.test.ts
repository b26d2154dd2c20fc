import { expect, test } from 'vitest';
import type { Credential } from '../../src/registry/credential.ts';
import type { Credentials } from '../../src/registry/credentials.ts';
import { isTag, type Reference } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { credentialsOf, fastClock, openHost } from './fixture-host.ts';
import { refuse, type Seen, startFixtureRegistry } from './fixture-registry.ts';

const ada: Credential = { kind: 'basic', username: 'ada', password: 'pa:ss' };
const ADA = `Basic ${Buffer.from('ada:pa:ss').toString('base64')}`;
const expired: Credential = { kind: 'basic', username: 'ada', password: 'old' };

/** What a token service does with the n-th request for a token. */
type Service = (
  seen: Seen,
  count: number,
) => { readonly token: string } | { readonly status: number; readonly location?: string };

/** A registry that wants the tokens of a service beside it, or Basic with ada's login. */
async function open(credentials: Credentials, service?: Service) {
  const server = await startFixtureRegistry();
  const host = await openHost({ clock: fastClock() });
  const valid = new Set<string>(service === undefined ? [ADA] : []);
  let tokens = 0;
  server.interfere = (seen, answer) => {
    if (service !== undefined && seen.path.startsWith('/token')) {
      const given = service(seen, (tokens += 1));
      if ('status' in given)
        return refuse(
          answer,
          given.status,
          'X',
          given.location === undefined ? {} : { location: given.location },
        );
      valid.add(`Bearer ${given.token}`);
      answer.end(JSON.stringify(given));
      return 'answered';
    }
    if (valid.has(seen.authorization ?? '')) return undefined;
    const challenge =
      service === undefined
        ? 'Basic realm="r"'
        : `Bearer realm="http://${server.host}/token?x=1",service="hub",scope="repository:team/app:pull"`;
    return refuse(answer, 401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
  };
  const digest = server.keep('team/app', '1', {});
  const tag = '1';
  if (!isTag(tag)) throw new Error(tag);
  const reference: Reference = { host: server.host, path: 'team/app', tag };
  return {
    registry: createRegistry(host, credentials),
    reference,
    found: { state: 'found', digest },
    /** No token given so far is good any more. */
    expire: () => valid.clear(),
    asked: () => server.seen.filter(({ path }) => !path.startsWith('/token')),
    askedForTokens: () => server.seen.filter(({ path }) => path.startsWith('/token')),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

const numbered: Service = (_seen, count) => ({ token: `t${count}` });

test('a registry with passwords gets name and password, after it asked for them and from then on', async () => {
  await using at = await open(credentialsOf(ada));
  expect(await at.registry.head(at.reference)).toEqual(at.found);
  expect(await at.registry.head(at.reference)).toEqual(at.found);
  expect(at.asked().map(({ authorization }) => authorization)).toEqual([undefined, ADA, ADA]);
});

test('a token is fetched with the login and kept for the repository', async () => {
  await using at = await open(credentialsOf(ada), numbered);
  expect(await at.registry.head(at.reference)).toEqual(at.found);
  expect(await at.registry.head(at.reference)).toEqual(at.found);
  expect(at.asked().map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer t1', 'Bearer t1']);
  expect(at.askedForTokens()).toMatchObject([{ method: 'GET', authorization: ADA }]);
  const query = new URL(at.askedForTokens()[0]!.path, 'http://x').searchParams;
  expect(Object.fromEntries(query)).toEqual({ x: '1', service: 'hub', scope: 'repository:team/app:pull' });
});

test('requests that run side by side share one token', async () => {
  const credentials = credentialsOf(ada);
  await using at = await open(credentials, numbered);
  const answers = await Promise.all([1, 2, 3, 4].map(() => at.registry.head(at.reference)));
  expect(answers).toEqual([at.found, at.found, at.found, at.found]);
  expect(at.askedForTokens()).toHaveLength(1);
});

test('a token that has expired is replaced', async () => {
  await using at = await open(credentialsOf(ada), numbered);
  await at.registry.head(at.reference);
  at.expire();
  expect(await at.registry.head(at.reference)).toEqual(at.found);
  expect(at.askedForTokens()).toHaveLength(2);
});

test('an identity token is exchanged, in the body of the request', async () => {
  await using at = await open(credentialsOf({ kind: 'identity-token', token: 'id&1' }), numbered);
  expect(await at.registry.head(at.reference)).toEqual(at.found);
  const [request] = at.askedForTokens();
  expect(request).toMatchObject({ method: 'POST', authorization: undefined });
  expect(Object.fromEntries(new URLSearchParams(request!.body))).toMatchObject({
    grant_type: 'refresh_token',
    refresh_token: 'id&1',
    service: 'hub',
    scope: 'repository:team/app:pull',
  });
});

test('an identity token follows no redirect', async () => {
  await using elsewhere = await startFixtureRegistry();
  const redirect = { status: 307, location: `http://${elsewhere.host}/` };
  await using at = await open(credentialsOf({ kind: 'identity-token', token: 'id' }), () => redirect);
  expect(await at.registry.head(at.reference)).toMatchObject({ state: 'failed' });
  expect(elsewhere.seen).toEqual([]);
});

test('without a login a token is asked for anonymously', async () => {
  await using at = await open(credentialsOf({ kind: 'anonymous' }), numbered);
  expect(await at.registry.head(at.reference)).toEqual(at.found);
  expect(at.askedForTokens()).toMatchObject([{ authorization: undefined }]);
});

test('a registry that takes nobody without a login says why there is none', async () => {
  const credentials = credentialsOf({ kind: 'anonymous', because: 'no AWS credentials' });
  await using at = await open(credentials);
  const because = '401 Unauthorized, asked anonymously, no AWS credentials';
  expect(await at.registry.head(at.reference)).toEqual({ state: 'denied', because });
  expect(at.asked()).toHaveLength(1);
  expect(credentials.asked).toBe(1);
});

test.each([
  ['with passwords', undefined],
  [
    'with tokens',
    ((seen) => (seen.authorization === ADA ? { token: 't' } : { status: 401 })) satisfies Service,
  ],
])('an expired login is asked for once more, at a registry %s', async (_sentence, service) => {
  await using at = await open(credentialsOf(expired, ada), service);
  expect(await at.registry.head(at.reference)).toEqual(at.found);
});

test('a login that expires while the client lives is asked for once more', async () => {
  const credentials = credentialsOf(ada, expired, ada);
  await using at = await open(credentials);
  await credentials.lookUp('x', { fresh: true });
  expect(await at.registry.head(at.reference)).toEqual(at.found);
});

test.each([
  ['with passwords', undefined],
  ['with tokens', (() => ({ status: 401 })) satisfies Service],
  [
    'whose tokens are worth nothing',
    ((_seen, count) => ({ status: 401, token: `t${count}` })) satisfies Service,
  ],
])('a wrong login is denied soon, at a registry %s', async (_sentence, service) => {
  await using at = await open(credentialsOf(expired, expired), service);
  expect(await at.registry.head(at.reference)).toMatchObject({ state: 'denied' });
  expect(at.asked().length + at.askedForTokens().length).toBeLessThanOrEqual(5);
});

test('a token service that stumbles is asked again', async () => {
  await using at = await open(credentialsOf(ada), (_seen, count) =>
    count < 3 ? { status: 503 } : { token: 't' },
  );
  expect(await at.registry.head(at.reference)).toEqual(at.found);
});

test.each([
  [429, 'throttled', 'token service: 429 Too Many Requests (X: said X)'],
  [500, 'failed', 'token service: 500 Internal Server Error (X: said X)'],
  [404, 'failed', 'token service: 404 Not Found'],
])('a token service that answers %d leaves the source %s', async (status, state, because) => {
  await using at = await open(credentialsOf(ada), () => ({ status }));
  expect(await at.registry.head(at.reference, { patienceMs: 0 })).toEqual({ state, because });
});

test('reading and writing are rights of their own', async () => {
  await using at = await open(credentialsOf(ada), numbered);
  await at.registry.head(at.reference);
  await at.registry.canPush(at.reference);
  expect(at.askedForTokens()).toHaveLength(2);
});

/** A registry of ECR's manner: Basic, and to who is not ada it answers 403 with `message`. */
async function openEcr(message: string, credentials: Credentials) {
  const server = await startFixtureRegistry();
  const host = await openHost({ clock: fastClock() });
  const digest = server.keep('team/app', '1', {});
  server.interfere = (seen, answer) => {
    if (seen.authorization === ADA) return undefined;
    if (seen.authorization === undefined) {
      return refuse(answer, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="ecr"' });
    }
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message }] });
    answer.writeHead(403, { 'content-type': 'application/json' }).end(seen.method === 'HEAD' ? '' : body);
    return 'answered';
  };
  const tag = '1';
  if (!isTag(tag)) throw new Error(tag);
  return {
    registry: createRegistry(host, credentials),
    reference: { host: server.host, path: 'team/app', tag },
    digest,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

test.each(['manifest', 'head'] as const)(
  'a 403 that says that the token has expired gets a fresh login, as 401 does: %s',
  async (verb) => {
    const message = 'Your authorization token has expired. Reauthenticate and try again.';
    await using at = await openEcr(message, credentialsOf(expired, ada));
    expect(await at.registry[verb](at.reference)).toMatchObject({ state: 'found', digest: at.digest });
  },
);

test('a 403 that means what it says is believed, and no login is asked for again', async () => {
  const credentials = credentialsOf(expired, ada);
  await using at = await openEcr('User is not authorized to perform: ecr:BatchGetImage', credentials);
  expect(await at.registry.head(at.reference)).toMatchObject({ state: 'denied' });
  expect(credentials.asked).toBe(1);
});
