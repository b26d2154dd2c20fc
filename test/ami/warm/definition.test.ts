import { expect, test } from 'vitest';
import { importing, warmDefinition, warmDockerfile, warmTarget } from '../../../src/ami/warm/definition.ts';

type Printed = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const definition = (
  targets: Printed,
  cacheFrom: readonly string[] = ['type=registry,ref=r.io/cache:c'],
): Printed => {
  const text = warmDefinition({ targets }, 'test-ci', { dockerfile: '/warm/Dockerfile' });
  return (JSON.parse(importing(text, cacheFrom)) as { target: Printed }).target;
};

test('only what decides about layers is kept, and only trusted caches are read', () => {
  const printed = {
    context: '.',
    dockerfile: 'docker/Dockerfile',
    target: 'test',
    args: { MAX_JOBS: '16', FROM_ENVIRONMENT: null },
    platforms: ['linux/amd64'],
    network: 'host',
    entitlements: ['network.host'],
    labels: { a: 'b' },
    tags: ['r.io/image:latest'],
    annotations: ['index:a=b'],
    'cache-from': [{ type: 'registry', ref: 'evil.example/cache' }, 'type=registry,ref=evil.example/cache'],
    'cache-to': ['type=registry,ref=r.io/cache:latest'],
    secret: [{ type: 'file', id: 'aws', src: '/root/.aws/credentials' }],
    ssh: ['default'],
    output: [{ type: 'registry' }],
    attest: [{ type: 'provenance' }],
    'no-cache': true,
  };
  expect(definition({ 'test-ci': printed })).toEqual({
    'warmbake-warm': {
      context: '.',
      dockerfile: '/warm/Dockerfile',
      target: 'warmbake-warm',
      args: { MAX_JOBS: '16' },
      contexts: {},
      platforms: ['linux/amd64'],
      network: 'host',
      entitlements: ['network.host'],
      'cache-from': ['type=registry,ref=r.io/cache:c'],
      output: ['type=tar,dest=/dev/null'],
    },
  });
});

test('targets that it takes as contexts come along, under the same rules; others do not', () => {
  const targets = definition({
    'test-ci': { contexts: { wheels: 'target:wheels', other: 'docker-image://busybox' } },
    wheels: {
      contexts: { sources: 'target:sources' },
      tags: ['evil.example/x'],
      'cache-from': ['type=local,src=/'],
    },
    sources: { target: 'src' },
    unrelated: {},
  });
  expect(Object.keys(targets)).toEqual(['wheels', 'sources', 'warmbake-warm']);
  expect(targets['wheels']).toEqual({
    context: '.',
    dockerfile: 'Dockerfile',
    args: {},
    contexts: { sources: 'target:sources' },
    'cache-from': ['type=registry,ref=r.io/cache:c'],
  });
});

test.each([
  ['an older buildx prints it as it is', 'a ${b} %{c}'],
  ['a newer one escapes it', 'a $${b} %%{c}'],
])('text that looks like a template stays the same text: %s', (_, printed) => {
  const args = { X: printed };
  expect(warmTarget({ args }).args['X']).toBe('a ${b} %{c}');
  expect(definition({ 'test-ci': { args } })['warmbake-warm']?.['args']).toEqual({ X: 'a $${b} %%{c}' });
});

test('the added stage takes no file from each stage', () => {
  expect(warmDockerfile('FROM a AS b\nRUN c\n\n', ['b', '1'], { mark: '7' })).toBe(
    'FROM a AS b\nRUN c\n\nFROM scratch AS warmbake-warm\nCOPY --from=b /.warmbake-7* /\nCOPY --from=1 /.warmbake-7* /\n',
  );
});
