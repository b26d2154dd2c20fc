import { describe, expect, it } from 'vitest';
import { type BuilderFacts, type BuilderInstance, decideBuilder } from '../../src/bake/builder.ts';
import { createArguments } from '../../src/bake/buildx.ts';
import type { BuilderSettings } from '../../src/config/settings.ts';

const SOCKET = '/run/buildkit/buildkitd.sock';
const PINNED = `moby/buildkit@sha256:${'a'.repeat(64)}`;
const settings: BuilderSettings = { name: 'ci', socket: SOCKET };
const baked: BuilderInstance = { name: 'baked-builder', driver: 'remote', endpoints: [`unix://${SOCKET}`] };
const container: BuilderInstance = { name: 'ci', driver: 'docker-container', endpoints: ['default'] };

function facts(some: Partial<BuilderFacts> = {}): BuilderFacts {
  return { socket: 'absent', instances: [], engine: { name: 'default', state: 'can-export' }, ...some };
}

describe('the builder is', () => {
  it.each<[string, BuilderSettings, BuilderFacts, object]>([
    [
      'a new remote builder where BuildKit answers on the socket',
      settings,
      facts({ socket: 'answers' }),
      { action: 'create', name: 'ci', driver: 'remote', endpoint: `unix://${SOCKET}` },
    ],
    [
      'the remote builder that already points to the socket, whatever its name',
      settings,
      facts({ socket: 'answers', instances: [container, baked] }),
      { action: 'use', name: 'baked-builder', driver: 'remote' },
    ],
    [
      'a remote builder under another name where the name is taken by another kind',
      settings,
      facts({ socket: 'answers', instances: [container] }),
      { action: 'create', name: 'ci-2', driver: 'remote' },
    ],
    [
      'a remote builder under another name where one of that name points elsewhere',
      settings,
      facts({
        socket: 'answers',
        instances: [{ name: 'ci', driver: 'remote', endpoints: ['unix:///old.sock'] }],
      }),
      { action: 'create', name: 'ci-2', driver: 'remote' },
    ],
    [
      'the configured builder where the socket is dead',
      settings,
      facts({ socket: 'dead', instances: [container] }),
      { action: 'use', name: 'ci', driver: 'docker-container' },
    ],
    [
      'never a builder on the dead socket',
      { ...settings, name: 'baked-builder' },
      facts({ socket: 'dead', instances: [{ ...baked, dead: true }] }),
      { action: 'use', name: 'default', driver: 'docker' },
    ],
    [
      'the selected builder where it can export',
      settings,
      facts({ current: 'mine', instances: [{ name: 'mine', driver: 'docker-container', endpoints: [] }] }),
      { action: 'use', name: 'mine' },
    ],
    [
      'not the selected builder where nobody answers on its socket',
      { name: 'ci' },
      facts({ current: baked.name, instances: [{ ...baked, dead: true }] }),
      { action: 'use', name: 'default', driver: 'docker' },
    ],
    [
      'not the selected builder where it is the engine',
      { ...settings, image: PINNED },
      facts({
        current: 'desktop',
        instances: [{ name: 'desktop', driver: 'docker', endpoints: [] }],
        engine: { name: 'desktop', state: 'cannot-export' },
      }),
      { action: 'create', name: 'ci', driver: 'docker-container', image: PINNED },
    ],
    [
      'a new container builder with the pinned image before the engine itself',
      { ...settings, image: PINNED },
      facts(),
      { action: 'create', driver: 'docker-container', image: PINNED },
    ],
    [
      'the engine where no image is pinned and it can export',
      settings,
      facts(),
      { action: 'use', name: 'default', driver: 'docker' },
    ],
  ])('%s', (_, given, known, expected) => {
    expect(decideBuilder(given, known).choice).toMatchObject(expected);
  });

  it.each([
    ['unreachable', 'no Docker engine answers'],
    ['cannot-export', "the Docker engine 'default' cannot export a cache"],
  ] as const)('an error that says what to do where the engine is %s', (state, message) => {
    expect(() => decideBuilder(settings, facts({ engine: { name: 'default', state } }))).toThrow(message);
  });
});

it('a dead socket is a loud warning, an absent one is none', () => {
  expect(decideBuilder(settings, facts({ socket: 'dead' })).warnings).toMatchObject([
    { code: 'dead-socket' },
  ]);
  expect(decideBuilder(settings, facts({ socket: 'absent' })).warnings).toEqual([]);
});

it.each<[string, Partial<BuilderFacts>, readonly object[]]>([
  ['that is selected', { current: baked.name }, [{ code: 'dead-builder' }]],
  ['that nobody asks for', {}, []],
  ['on the configured socket, of which another warning tells,', { socket: 'dead', current: baked.name }, []],
  ['that is selected, beside the configured one', { current: baked.name, instances: [container] }, []],
])('a dead builder %s is told only where it is missed', (_, { instances = [], ...some }, warnings) => {
  const known = facts({ ...some, instances: [...instances, { ...baked, dead: true }] });
  const given = known.socket === 'dead' ? settings : { name: 'ci' };
  const told = decideBuilder(given, known).warnings.filter(({ code }) => code === 'dead-builder');
  expect(told).toMatchObject(warnings);
});

it('a builder is created without being selected', () => {
  const remote = decideBuilder(settings, facts({ socket: 'answers' })).choice;
  expect(createArguments(remote).join(' ')).toBe(`create --name ci --driver remote unix://${SOCKET}`);
  const own = decideBuilder({ ...settings, image: PINNED }, facts()).choice;
  expect(createArguments(own).join(' ')).toBe(
    `create --name ci --driver docker-container --driver-opt image=${PINNED}`,
  );
});

it.each<[string, Partial<BuilderFacts['engine']>, RegExp, RegExp]>([
  [
    'where nobody is, its address and where that comes from',
    { endpoint: 'unix:///run/none.sock', trouble: 'ENOENT' },
    /answers at unix:\/\/\/run\/none\.sock$/,
    /^start Docker \(DOCKER_HOST or the docker context say that it is at unix:\/\/\/run\/none\.sock\)/,
  ],
  [
    'where this user may not go, the group',
    { endpoint: 'unix:///var/run/docker.sock', trouble: 'EACCES' },
    /answers at unix:/,
    /^this user may not open the socket at unix:\/\/\/var\/run\/docker\.sock: add the user to its group/,
  ],
])('an engine that does not answer is told, %s', (_, engine, message, hint) => {
  const known = facts({ engine: { name: 'default', state: 'unreachable', ...engine } });
  const told = (): unknown => decideBuilder({ name: 'ci' }, known);
  expect(told).toThrow(expect.objectContaining({ code: 'no-builder', hint: expect.stringMatching(hint) }));
  expect(told).toThrow(message);
});
