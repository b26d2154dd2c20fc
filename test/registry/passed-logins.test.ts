import { expect, test } from 'vitest';
import { passLogins } from '../../src/registry/passed-logins.ts';

const USERS = {
  auths: {
    'https://index.docker.io/v1/': { auth: 'aHViOnA=' },
    'ghcr.io': { auth: 'Z2g6cA==' },
    'https://registry.example.com/v2/': { auth: 'ZXg6cA==' },
  },
  credHelpers: { '123456789012.dkr.ecr.us-east-1.amazonaws.com': 'ecr-login', 'gcr.io': 'gcloud' },
  currentContext: 'remote',
};

test('logins of no host: none is passed on, and it is said whose', () => {
  expect(passLogins(USERS, [])).toEqual({
    config: { currentContext: 'remote', auths: {}, credHelpers: {} },
    withheld: [
      '123456789012.dkr.ecr.us-east-1.amazonaws.com',
      'docker.io',
      'gcr.io',
      'ghcr.io',
      'registry.example.com',
    ],
  });
});

test.each([
  ['docker.io', { 'https://index.docker.io/v1/': { auth: 'aHViOnA=' } }, {}],
  ['registry.example.com', { 'https://registry.example.com/v2/': { auth: 'ZXg6cA==' } }, {}],
  ['gcr.io', {}, { 'gcr.io': 'gcloud' }],
  ['example.com', {}, {}],
  ['io', {}, {}],
])('of %s it is passed on as the user has it', (host, auths, credHelpers) => {
  const { config, withheld } = passLogins(USERS, [host]);
  expect([config.auths, config.credHelpers]).toEqual([auths, credHelpers]);
  expect(withheld).not.toContain(host);
});

test('a program that knows logins of any host is asked for those that may be, and for no other', () => {
  const { config, withheld } = passLogins(
    { auths: { 'ghcr.io': {} }, credsStore: 'ecr-login', credHelpers: { 'gcr.io': 'gcloud' } },
    ['docker.io', 'gcr.io'],
  );
  expect(config).toEqual({
    auths: {},
    credHelpers: { 'https://index.docker.io/v1/': 'ecr-login', 'gcr.io': 'gcloud' },
  });
  expect(withheld).toEqual(['docker-credential-ecr-login', 'ghcr.io']);
});
