import { describe, expect, test } from 'vitest';
import { dockerDirectory, loginSource, parseDockerConfig } from '../../src/registry/docker-config.ts';
import { withLogins } from '../../src/registry/login.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const basic = (username: string, password: string) => ({
  kind: 'file',
  credential: { kind: 'basic', username, password },
});
const none = { kind: 'none' };

describe('where the login for a host comes from', () => {
  test.each([
    ['nothing', 'a.b', {}, none],
    ['its entry', 'a.b', { auths: { 'a.b': { auth: base64('u:p') } } }, basic('u', 'p')],
    ['a password with colons', 'a.b', { auths: { 'a.b': { auth: base64('u:p:q:') } } }, basic('u', 'p:q:')],
    [
      'an entry written as a URL',
      'a.b',
      { auths: { 'https://a.b/v1/': { auth: base64('u:p') } } },
      basic('u', 'p'),
    ],
    ['only the whole name', 'a.b', { auths: { 'x.a.b': { auth: base64('u:p') } } }, none],
    ['the port too', 'a.b:5000', { auths: { 'a.b': { auth: base64('u:p') } } }, none],
    [
      'an identity token before the password',
      'a.b',
      { auths: { 'a.b': { auth: base64('u:'), identitytoken: 'i' } } },
      { kind: 'file', credential: { kind: 'identity-token', token: 'i' } },
    ],
    ['an entry without a login', 'a.b', { auths: { 'a.b': {} } }, none],
    ['an entry that is no login', 'a.b', { auths: { 'a.b': { auth: '%%%' } } }, none],
    [
      'the old name of Docker Hub',
      'docker.io',
      { auths: { 'https://index.docker.io/v1/': { auth: base64('u:p') } } },
      basic('u', 'p'),
    ],
    [
      'its helper',
      'a.b',
      { credHelpers: { 'a.b': 'ours' }, credsStore: 'all' },
      { kind: 'helper', name: 'ours' },
    ],
    [
      'the general store',
      'a.b',
      { credHelpers: { 'c.d': 'ours' }, credsStore: 'all' },
      { kind: 'helper', name: 'all' },
    ],
    [
      'the store even where there is an entry',
      'a.b',
      { auths: { 'a.b': { auth: base64('u:p') } }, credsStore: 'all' },
      { kind: 'helper', name: 'all' },
    ],
    [
      'the entry where its helper is empty',
      'a.b',
      { auths: { 'a.b': { auth: base64('u:p') } }, credsStore: 'all', credHelpers: { 'a.b': '' } },
      basic('u', 'p'),
    ],
  ])('%s', (_sentence, host, config, expected) => {
    expect(loginSource(parseDockerConfig(JSON.stringify(config))!, host)).toEqual(expected);
  });
});

test.each(['', '{', '[]', '{"auths":[]}', '{"credsStore":7}', '{"auths":{"a.b":"u:p"}}'])(
  'a file with %s is no docker configuration',
  (text) => {
    expect(parseDockerConfig(text)).toBeUndefined();
  },
);

test.each([
  [{ DOCKER_CONFIG: '/x', HOME: '/home' }, '/x'],
  [{ DOCKER_CONFIG: '', HOME: '/home' }, '/home/.docker'],
  [{ HOME: '' }, undefined],
  [{}, undefined],
])('with %o the directory is %s', (env, directory) => {
  expect(dockerDirectory(env)).toBe(directory);
});

describe('a configuration with our logins', () => {
  const users = {
    proxies: { default: { httpProxy: 'http://proxy' } },
    credsStore: 'all',
    credHelpers: { 'a.b': 'theirs', 'c.d': 'theirs' },
    auths: { 'e.f': { auth: 'x' }, 'index.docker.io': { auth: 'x' } },
    currentContext: 'remote',
  };
  const login = { kind: 'basic', username: 'u', password: 'p:q' } as const;
  const merged = withLogins(users, [
    ['a.b', login],
    ['docker.io', { kind: 'identity-token', token: 'i' }],
    ['c.d', { kind: 'anonymous' }],
  ]);

  test('keeps what the user has and answers for our hosts itself', () => {
    expect(merged).toEqual({
      ...users,
      auths: {
        'e.f': { auth: 'x' },
        'a.b': { auth: base64('u:p:q') },
        'https://index.docker.io/v1/': { identitytoken: 'i' },
      },
      credHelpers: { 'a.b': '', 'c.d': 'theirs', 'https://index.docker.io/v1/': '' },
    });
  });

  test('gives the same logins when it is read again', () => {
    expect(loginSource(merged, 'a.b')).toEqual({ kind: 'file', credential: login });
    expect(loginSource(merged, 'c.d')).toEqual({ kind: 'helper', name: 'theirs' });
  });
});
