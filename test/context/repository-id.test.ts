import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repositoryId } from '../../src/ci/repository-id.ts';

describe('a repository is the same one', () => {
  it.each([
    'https://github.com/acme/app',
    'https://github.com/acme/app.git',
    'https://github.com/acme/app.git/',
    'https://github.com/Acme/App',
    'https://GitHub.com:443/acme/app.git',
    'https://someone:t0ken@github.com/acme/app.git',
    'https://t0ken@github.com/acme/app',
    'https://someone:p@ss@github.com/acme/app',
    'http://github.com/acme/app',
    'git://github.com/acme/app.git',
    'git@github.com:acme/app.git',
    'git@github.com:/acme/app.git',
    'github.com:acme/app',
    'ssh://git@github.com/acme/app.git',
    'ssh://git@github.com:22/acme/app',
    'SSH://git@github.com/acme/app',
  ])('as %s', (url) => {
    expect(repositoryId(url)).toBe('github.com/acme/app');
  });
});

describe('a repository is another one', () => {
  it.each([
    ['https://github.com/someone/app', 'github.com/someone/app'],
    ['https://gitlab.example/group/part/app.git', 'gitlab.example/group/part/app'],
    ['https://github.com@evil.example/acme/app', 'evil.example/acme/app'],
    ['https://github.com:pw@evil.example/acme/app', 'evil.example/acme/app'],
    ['evil.example:github.com/acme/app', 'evil.example/github.com/acme/app'],
    ['https://github.com.evil.example/acme/app', 'github.com.evil.example/acme/app'],
  ])('for %s', (url, id) => {
    expect(repositoryId(url)).toBe(id);
  });
});

describe('no repository on a host', () => {
  it.each([
    '',
    '/srv/git/acme/app.git',
    '../acme/app',
    'file:///srv/acme/app',
    'https://github.com',
    'https://github.com/app',
    'https://evil.example#@github.com/acme/app',
    'https://evil.example?@github.com/acme/app',
    'https://evil.example\\@github.com/acme/app',
    'https://github.com/evil/../acme/app',
    'https://github.com/acme%2fapp/x',
    'https://github.com/acme/app?x=1',
    'https://github.com/acme/app\n',
    'https://github.com//acme/app',
    'https:///acme/app',
  ])('is in %j', (url) => {
    expect(repositoryId(url)).toBeUndefined();
  });
});

it('never holds what an owner or a name cannot, whatever the text', () => {
  const text = fc.array(
    fc.constantFrom(
      'https://',
      'git@',
      'github.com',
      ':',
      '/',
      '@',
      '..',
      'acme',
      'app',
      '.git',
      '#',
      '%2f',
      ' ',
      '\\',
      'é',
    ),
  );
  fc.assert(
    fc.property(text, (parts) => {
      expect(repositoryId(parts.join('')) ?? 'a/b/c').toMatch(/^[a-z0-9.-]+(\/[a-z0-9_.~-]+){2,}$/);
    }),
  );
});
