import { describe, expect, test } from 'vitest';
import { closestDonor, findDonor, warmCandidates } from '../../../src/ami/warm/donor.ts';
import type { SourceState } from '../../../src/cache/chain.ts';
import type { CommitSha } from '../../../src/context/context.ts';
import type { Event } from '../../../src/platform/events.ts';
import { referenceName } from '../../../src/registry/reference.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { clock } from '../../registry/fixture-host.ts';

const COMMIT = 'c'.repeat(40) as CommitSha;
const QUESTION = {
  cache: { trusted: { host: 'r.io', path: 'cache' } },
  commit: COMMIT,
  target: { name: 'app', lane: 'arm64' },
};
const CANDIDATES = warmCandidates(QUESTION);

describe('what a machine image is warmed from', () => {
  test('the caches of the commit and of latest are asked for, in the trusted repository alone', () => {
    expect(CANDIDATES.map(({ ref }) => referenceName(ref))).toEqual([
      `r.io/cache:${COMMIT}-arm64`,
      'r.io/cache:latest-arm64',
    ]);
  });

  test.each<[string, readonly SourceState[], number | undefined]>([
    ["the commit's own, where both are there", ['found', 'surplus'], 0],
    ["the commit's own, where latest is the same", ['found', 'duplicate'], 0],
    ["latest, where the commit's own is gone", ['missing', 'found'], 1],
    ['the one that is there before one that did not answer', ['failed', 'found'], 1],
    ['one that did not answer, as it may be there', ['missing', 'throttled'], 1],
    ['none, where both are gone', ['missing', 'missing'], undefined],
    ['none that is too big for BuildKit, or denied', ['oversized', 'denied'], undefined],
  ])('one is imported, never two: %s', (_, states, chosen) => {
    const sources = CANDIDATES.map(({ role, ref }, i) => ({ role, ref, state: states[i] ?? 'missing' }));
    expect(closestDonor(sources)).toBe(chosen === undefined ? undefined : sources[chosen]);
  });

  test('where there is none, nothing is imported, and a warning names what was asked', async () => {
    const events: Event[] = [];
    const host = {
      clock,
      signal: new AbortController().signal,
      emit: (event: Event) => void events.push(event),
    };
    const registry = { manifest: async () => ({ state: 'missing' }) } as unknown as Registry;
    expect(await findDonor(host, registry, QUESTION)).toEqual([]);
    const message = `nothing to warm 'app' from: r.io/cache:${COMMIT}-arm64 (missing), r.io/cache:latest-arm64 (missing)`;
    expect(events).toEqual([{ type: 'warning', warning: { code: 'no-warm-donor', message } }]);
  });
});
