import { describe, expect, test } from 'vitest';
import {
  closestDonor,
  findTargetCaches,
  nothingToWarmFrom,
  warmCandidates,
} from '../../../src/ami/warm/donor.ts';
import type { SourceState } from '../../../src/cache/chain.ts';
import type { CommitSha } from '../../../src/ci/commit-sha.ts';
import type { TargetSettings } from '../../../src/config/settings.ts';
import { type Reference, referenceName } from '../../../src/registry/reference.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { clock } from '../../../parts/ci-job/clock.ts';

const COMMIT = 'c'.repeat(40) as CommitSha;
const QUESTION = {
  cache: { trusted: { host: 'r.io', path: 'cache' }, untrusted: { host: 'r.io', path: 'other' } },
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

  test('and in the repository of the target, where each has one', () => {
    const own = { host: 'o.io', path: 'own/${target}' };
    const shared = { ...QUESTION.cache, trusted: { host: 'r.io', path: 'main/${target}' } };
    const repositories = { images: shared, cache: { trusted: own, untrusted: own } };
    const asked = (target: typeof QUESTION.target) =>
      warmCandidates({ ...QUESTION, cache: shared, target }).map(({ ref }) => referenceName(ref));
    expect(asked(QUESTION.target)).toEqual([`r.io/main/app:${COMMIT}-arm64`, 'r.io/main/app:latest-arm64']);
    const named = { ...QUESTION.target, repositories };
    expect(asked(named)).toEqual([`o.io/own/app:${COMMIT}-arm64`, 'o.io/own/app:latest-arm64']);
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

  test('of all targets, each ref is asked for once; a warning names what was asked for in vain', async () => {
    const asked: string[] = [];
    const manifest = async (ref: Reference) => {
      asked.push(referenceName(ref));
      return { state: 'missing' };
    };
    const registry = { manifest } as unknown as Registry;
    const host = { clock, signal: new AbortController().signal };
    const { target, ...question } = QUESTION;
    const twins = [target, { ...target, name: 'twin' }] as unknown as readonly TargetSettings[];
    const caches = await findTargetCaches(host, registry, { ...question, targets: twins });
    expect(asked).toEqual(CANDIDATES.map(({ ref }) => referenceName(ref)));
    expect(caches.map((each) => [each.target, each.donors])).toEqual([
      ['app', []],
      ['twin', []],
    ]);
    expect(nothingToWarmFrom(caches[0]!)).toEqual({
      code: 'no-warm-donor',
      message: `nothing to warm 'app' from: r.io/cache:${COMMIT}-arm64 (missing), r.io/cache:latest-arm64 (missing)`,
    });
  });
});
