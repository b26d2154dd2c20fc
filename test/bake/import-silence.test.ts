import { expect, it } from 'vitest';
import { type BuildState, fallsSilent } from '../../src/bake/import-silence.ts';
import { replay, vertexLine } from './replay.ts';

const LAYER = `sha256:${'1'.repeat(64)}`;
const started = '2026-01-01T00:00:00Z';
const QUIET: BuildState = { asked: [], awaited: [], bytes: 0, preparing: false, lines: 0 };

/** Seconds until the state, a function of them, is told to be silent, and what is told; at most an hour. */
async function silent(
  state: (seconds: number) => BuildState,
  again = false,
): Promise<readonly [number, string]> {
  let milliseconds = 0;
  const stop = new AbortController();
  const clock = {
    now: () => new Date(milliseconds),
    sleep: async (ms: number) => {
      milliseconds += ms;
      if (milliseconds > 3_600_000) throw new Error('never');
    },
  };
  const told = await fallsSilent(() => state(milliseconds / 1000), { again, clock, signal: stop.signal });
  return [milliseconds / 1000, told];
}

it.each<[string, (seconds: number) => BuildState, number]>([
  ['a cache that never answers', () => ({ ...QUIET, asked: ['cache:main'] }), 61],
  ['a layer of which nothing comes', () => ({ ...QUIET, awaited: [LAYER] }), 121],
  [
    'a layer that comes to a stop',
    (seconds) => ({ ...QUIET, awaited: [LAYER], bytes: Math.min(seconds, 500) }),
    620,
  ],
  [
    'a layer that is wanted after half an hour of other work',
    (seconds) => (seconds < 1800 ? QUIET : { ...QUIET, awaited: [LAYER] }),
    1920,
  ],
])('%s is told after so many seconds', async (_, state, seconds) => {
  expect((await silent(state))[0]).toBe(seconds);
});

it.each<[string, (seconds: number) => BuildState]>([
  ['a build that loads nothing', () => QUIET],
  ['a slow layer', (seconds) => ({ ...QUIET, awaited: [LAYER], bytes: Math.floor(seconds / 100) })],
  [
    'one short import after the other',
    (seconds) => (seconds % 50 < 45 ? { ...QUIET, asked: ['cache:main'] } : QUIET),
  ],
])('%s is never told to be silent', async (_, state) => {
  await expect(silent(state)).rejects.toThrow('never');
});

it('what is told names who is silent', async () => {
  expect((await silent(() => ({ ...QUIET, asked: ['r/cache:main'] })))[1]).toContain('r/cache:main');
  expect((await silent(() => ({ ...QUIET, awaited: [LAYER] })))[1]).toContain(LAYER);
});

const step = { name: '[app 1/2] RUN make', digest: 'a', inputs: ['b'], started };
const base = { name: '[app 1/2] FROM alpine', digest: 'a', started };
const status = (more: object): string =>
  JSON.stringify({ statuses: [{ id: LAYER, vertex: 'a', current: 7, ...more }] });

it('a try after a silent one is told to be silent where it does not begin, and only there', async () => {
  const stuck = { ...QUIET, preparing: true };
  expect(await silent(() => stuck, true)).toEqual([61, expect.stringContaining('BuildKit does nothing')]);
  await expect(silent(() => QUIET, true)).rejects.toThrow('never');
  await expect(silent((seconds) => ({ ...stuck, lines: Math.floor(seconds / 50) }), true)).rejects.toThrow(
    'never',
  );
});

it.each<[string, readonly string[], Partial<BuildState>]>([
  [
    'the cache that is being imported',
    [vertexLine({ name: 'importing cache manifest from r/cache:main', digest: 'a', started })],
    { asked: ['r/cache:main'], preparing: true },
  ],
  ['a layer that a step needs', [vertexLine(step), status({})], { awaited: [LAYER], bytes: 7 }],
  [
    'a layer that a part of a step needs',
    [vertexLine({ ...step, name: '[app 1/2] LINK COPY --link a /a' }), status({})],
    { awaited: [LAYER] },
  ],
  ['a layer that has come', [vertexLine(step), status({ completed: started })], { awaited: [], bytes: 7 }],
  ["a base image's layer", [vertexLine(base), status({})], { awaited: [], bytes: 0 }],
])('an import owes %s, as the progress stream tells it', (_, lines, state) => {
  expect(replay(lines).state).toMatchObject(state);
});
