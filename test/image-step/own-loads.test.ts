import { expect, it } from 'vitest';
import { requireOwnLoads } from '../../src/image-step/own-loads.ts';
import { settingsOf, SMALL } from '../bake/small-settings.ts';

const [target] = settingsOf(SMALL).targets;

function loads(all: Readonly<Record<string, readonly string[]>>) {
  if (target === undefined) throw new Error('the small configuration has a target');
  return Object.entries(all).map(([name, load]) => ({ settings: { ...target, name }, load }));
}

it.each([
  ['app', 'app'],
  ['app', 'app:latest'],
  ['docker.io/library/app', 'app'],
  ['index.docker.io/acme/app:1', 'acme/app:1'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
])('two images that are loaded as %s and %s are an error before the build', (one, other) => {
  expect(() => requireOwnLoads(loads({ a: [one], b: ['x', other] }))).toThrow(
    expect.objectContaining({
      kind: 'usage',
      message: `--load: 'a' and 'b' would both be '${other}' in the engine, and one of them would be lost`,
    }),
  );
});

it.each([
  ['app:1', 'app:2'],
  ['acme/app', 'app'],
  ['localhost:5000/app', 'localhost/app'],
])('%s and %s are two', (one, other) => {
  expect(() => requireOwnLoads(loads({ a: [one, one], b: [other] }))).not.toThrow();
});
