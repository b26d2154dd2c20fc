import { expect, it } from 'vitest';
import { targetsOf } from '../../src/bake/definition.ts';
import { chooseTargets } from '../../src/image-step/choose-targets.ts';
import { expandTargets } from '../../src/image-step/expand-targets.ts';
import { withoutCalls } from '../../src/image-step/without-calls.ts';
import { settingsOf, SMALL } from '../bake/small-settings.ts';

/** What is built of these configured `targets`, and what is said of the others. */
function built(targets: string, calls: Readonly<Record<string, string>>) {
  const settings = settingsOf(`${SMALL.slice(0, SMALL.indexOf('targets:'))}targets: ${targets}\n`);
  const brought = targetsOf({
    target: Object.fromEntries(['app', 'lint'].map((name) => [name, { call: calls[name] }])),
  });
  const groups = new Map([['all', ['app', 'lint']]]);
  const whole = expandTargets(settings, { groups, missing: new Set(), targets: brought });
  const { expanded, warnings } = withoutCalls(whole, { configured: settings.targets, brought });
  return {
    names: chooseTargets(expanded, []).map(({ name }) => name),
    said: warnings.map(({ message }) => message),
  };
}

const LINT =
  "'lint' is left out: its call is 'check', which builds nothing; `docker buildx bake lint` does it";

it('a check in a group is left out, and told', () => {
  expect(built('{ all: {} }', { lint: 'check' })).toEqual({ names: ['app'], said: [LINT] });
});

it.each([
  ['a call that builds is a build', '{ all: {} }', { lint: 'build' }],
  ['a check with an entry of its own is asked for', '{ all: {}, lint: { lane: x } }', { lint: 'check' }],
  ['where nothing else is left, it is refused later', '{ all: {} }', { app: 'outline', lint: 'check' }],
])('%s', (_, targets, calls) => {
  expect(built(targets, calls)).toEqual({ names: ['app', 'lint'], said: [] });
});
