import { describe, expect, test } from 'vitest';
import { NO_LAYERS, warmLayers } from '../../../src/ami/warm/layers.ts';
import { importOf, NOTHING, type OpenImport } from '../../../src/image-step/open-import.ts';
import type { Event } from '../../../src/platform/events.ts';
import { requireReference } from '../../../src/registry/reference.ts';

const found = (ref: string) => ({ role: 'main', ref: requireReference(ref), state: 'found' }) as const;
const CACHES = [
  { target: 'app', sources: [found('r.io/cache:a'), found('r.io/cache:b')], donors: [] },
  { target: 'tool', sources: [found('r.io/cache:c')], donors: [] },
  { target: 'bare', sources: [], donors: [] },
];
const TARGETS = CACHES.map(({ target }) => target);

/** A gateway of two donors; each layer that is lost costs one. */
function opened() {
  const closed: string[] = [];
  const warnings: string[] = [];
  const gateway = (name: string, next?: OpenImport): OpenImport => ({
    ...importOf(`127.0.0.1:1/${name}`),
    without: () => (next === undefined ? undefined : { opened: next, dropped: ['r.io/cache:b'] }),
    close: async () => {
      closed.push(name);
      await Promise.resolve();
    },
  });
  const emit = (event: Event) => {
    if (event.type === 'warning') warnings.push(event.warning.message);
  };
  const both = gateway('both', gateway('one'));
  const layers = warmLayers({ emit }, CACHES, { opened: both, tunnel: '7:127.0.0.1:8' });
  return { layers, closed, warnings, imports: () => TARGETS.map((name) => layers.of(name).cacheFrom) };
}

const LOST = { kind: 'not-loaded', message: 'sha256:abc: not found' } as const;
const ALONE = [['type=registry,ref=r.io/cache:a'], ['type=registry,ref=r.io/cache:c'], []];

describe('what warm builds import', () => {
  test('all caches as one, for every target: never two side by side', () => {
    const { layers, imports } = opened();
    expect(imports()).toEqual(TARGETS.map(() => ['type=registry,ref=127.0.0.1:1/both']));
    expect(layers.tunnels).toEqual(['7:127.0.0.1:8']);
    expect(layers.merged()).toBe(true);
  });

  test('the closest cache of each target, where they cannot be imported as one', async () => {
    const { layers, imports, warnings, closed } = opened();
    expect(await layers.leave({ kind: 'not-imported', because: 'no tunnel' })).toBe(true);
    expect(imports()).toEqual(ALONE);
    expect(layers.merged()).toBe(false);
    expect(warnings).toEqual(['no tunnel; each target is warmed from its closest cache alone']);
    expect(closed).toEqual(['both']);
  });

  test('less and less where layers cannot be loaded, and then nothing else', async () => {
    const { layers, imports, warnings, closed } = opened();
    expect(await layers.leave(LOST)).toBe(true);
    expect(imports()).toEqual(TARGETS.map(() => ['type=registry,ref=127.0.0.1:1/one']));
    expect(closed).toEqual([]);
    expect(await layers.leave(LOST)).toBe(true);
    expect(imports()).toEqual(ALONE);
    expect(await layers.leave(LOST)).toBe(false);
    expect(imports()).toEqual(ALONE);
    expect(warnings).toEqual([
      'sha256:abc: not found; trying again without the caches that have the layer',
      'sha256:abc: not found; each target is warmed from its closest cache alone',
    ]);
  });

  test('nothing, for a proof', async () => {
    expect(NO_LAYERS.of('app')).toBe(NOTHING);
    expect(NO_LAYERS.tunnels).toEqual([]);
    expect(await NO_LAYERS.leave(LOST)).toBe(false);
  });
});
