import { expect, it } from 'vitest';
import { shortHashes, shortNotation } from '../../src/cli/notation.ts';

const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const COMMIT = '26b3797d54a1b6f3c1c1e3d6f0a9b8c7d6e5f4a3';

it('a registry is said once, and refs begin with what tells their repositories apart', () => {
  const { legend, write } = shortNotation([`${ECR}/ci/cache-main`, `${ECR}/ci/cache-test`, 'r.io/a/app']);
  expect(legend).toEqual([`registry ${ECR}/ci: cache-main, cache-test`, 'registry r.io/a: app']);
  expect(write(`${ECR}/ci/cache-main:latest, r.io/a/app:1 (r.io/a/app@sha256:1)`)).toBe(
    'cache-main:latest, app:1 (app@sha256:1)',
  );
});

it.each([
  [['a.io/x/cache', 'b.io/y/cache'], 'a.io/x/cache:1', 'x/cache:1'],
  [['a.io/cache', 'b.io/cache'], 'a.io/cache:1', 'a.io/cache:1'],
  [['a.io/app', 'a.io/app-test'], 'a.io/app-test:1 and a.io/app:1', 'app-test:1 and app:1'],
  [
    ['a.io/app'],
    'other.a.io/app:1 a.io/app/more:1 a.io/app-x:1',
    'other.a.io/app:1 a.io/app/more:1 a.io/app-x:1',
  ],
  [['a.io/${target}'], 'a.io/${target}:1', '${target}:1'],
  [['a.io/x/app', 'a.io/app'], 'a.io/app:1 a.io/x/app:1', 'a.io/app:1 x/app:1'],
  [[], 'a.io/app:1', 'a.io/app:1'],
])('beside %j, %s reads %s', (repositories, text, short) => {
  expect(shortNotation(repositories).write(text)).toBe(short);
});

it('of one registry with many repositories only the registry is said', () => {
  const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `r.io/acme/${name}`);
  expect(shortNotation(names).legend).toEqual(['registry r.io/acme']);
});

it.each([
  [`app:${COMMIT}`, 'app:26b3797d54a1…'],
  [`app:${COMMIT}-cpu, x`, 'app:26b3797d54a1…-cpu, x'],
  [`sha256:${'ab'.repeat(32)}`, 'sha256:abababababab…'],
  ['app:latest', 'app:latest'],
  ['ab'.repeat(33), 'ab'.repeat(33)],
])('%s is cut to %s', (text, short) => {
  expect(shortHashes(text)).toBe(short);
});
