import { describe, expect, test } from 'vitest';
import { readChallenge } from '../../src/registry/challenge.ts';
import { readToken, tokenRequest } from '../../src/registry/token.ts';

describe('a challenge', () => {
  test.each([
    ['Basic realm="r"', { scheme: 'basic' }],
    ['basic', { scheme: 'basic' }],
    ['Bearer realm="https://a.b/t"', { scheme: 'bearer', realm: 'https://a.b/t' }],
    [
      'Bearer realm="https://a.b/t",service="a.b",scope="repository:x:pull,push",error="invalid_token"',
      { scheme: 'bearer', realm: 'https://a.b/t', service: 'a.b', scope: 'repository:x:pull,push' },
    ],
    [
      'bearer Realm=https://a.b/t , service = "a \\"b\\""',
      { scheme: 'bearer', realm: 'https://a.b/t', service: 'a "b"' },
    ],
    ['Basic realm="r", Bearer realm="https://a.b/t"', { scheme: 'bearer', realm: 'https://a.b/t' }],
    ['Negotiate, Basic realm="Bearer realm=x"', { scheme: 'basic' }],
    ['Bearer service="no realm"', undefined],
    ['Negotiate', undefined],
    ['', undefined],
  ])('%s', (header, expected) => {
    expect(readChallenge(header)).toEqual(expected);
  });
});

describe('a login goes to a token service', () => {
  const login = { kind: 'basic', username: 'u', password: 'p' } as const;
  const request = (realm: string, host: string) =>
    tokenRequest({ scheme: 'bearer', realm }, login, { host, scope: 'repository:x:pull' });

  test.each([
    ['https://auth.example/token', 'registry.example'],
    ['http://127.0.0.1:5001/token', '127.0.0.1:5000'],
    ['http://localhost:5001/token', '127.0.0.1:5000'],
  ])('to %s of %s', (realm, host) => {
    expect(request(realm, host)).toMatchObject({ url: `${realm}?scope=repository%3Ax%3Apull` });
  });

  test.each([
    ['http://auth.example/token', 'registry.example'],
    ['http://auth.example/token', '127.0.0.1:5000'],
    ['http://127.0.0.1:5001/token', 'registry.example'],
    ['http://127.0.0.1.example/token', '127.0.0.1:5000'],
    ['file:///etc/passwd', '127.0.0.1:5000'],
    ['/token', '127.0.0.1:5000'],
  ])('never to %s of %s', (realm, host) => {
    expect(request(realm, host)).toEqual({
      state: 'failed',
      transient: false,
      because: expect.stringContaining(realm),
    });
  });
});

test('the token for a mount is asked for with both repositories, in the form of either service', () => {
  const scope = 'repository:a:pull,push repository:b:pull';
  const challenge = { scheme: 'bearer', realm: 'https://auth.example/t', scope } as const;
  const basic = tokenRequest(
    challenge,
    { kind: 'basic', username: 'u', password: 'p' },
    { host: 'r', scope: '' },
  );
  expect('url' in basic && new URL(basic.url).searchParams.getAll('scope')).toEqual(scope.split(' '));
  const identity = tokenRequest(challenge, { kind: 'identity-token', token: 't' }, { host: 'r', scope: '' });
  expect('init' in identity && new URLSearchParams(identity.init.body).get('scope')).toBe(scope);
});

test.each([
  ['{"token":"a","access_token":"b"}', 'a'],
  ['{"access_token":"b"}', 'b'],
  ['{}', undefined],
  ['{"token":7}', undefined],
  ['<html>', undefined],
])('the token in %s is %s', (body, token) => {
  expect(readToken(body)).toBe(token);
});
