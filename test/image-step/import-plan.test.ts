import { describe, expect, it } from 'vitest';
import type { Source } from '../../src/cache/chain.ts';
import type { CommitSha } from '../../src/ci/commit-sha.ts';
import { closestSource, importText, planImport } from '../../src/image-step/import-plan.ts';
import { parseReference, referenceName } from '../../src/registry/reference.ts';

const NEAR = 'a'.repeat(40) as CommitSha;
const FAR = 'b'.repeat(40) as CommitSha;

/** A source by its role; `state` is found where it is not said. */
function source(role: Source['role'], more: Partial<Source> = {}): Source {
  const ref = parseReference(`registry.example/cache:${role}`);
  if (ref === undefined) throw new Error(role);
  return { role, ref, state: 'found', ...more };
}

describe('where only one cache can be imported, it is', () => {
  it.each<[string, readonly Source[], string | undefined]>([
    [
      "this commit's own, however near another is",
      [source('own', { revision: NEAR }), source('commit', { revision: FAR })],
      'commit',
    ],
    [
      'the one whose commit differs in the fewest files, whatever its role',
      [source('parent', { revision: FAR }), source('main', { revision: NEAR })],
      'main',
    ],
    [
      'one whose commit git knows before one it does not',
      [source('parent'), source('main', { revision: FAR })],
      'main',
    ],
    ['the first role where git knows none', [source('own'), source('main')], 'own'],
    ['none that is not there', [source('own', { state: 'missing' }), source('main')], 'main'],
    [
      "main's where nobody was asked, which most likely exists",
      [source('commit', { state: 'unprobed' }), source('main', { state: 'unprobed' })],
      'main',
    ],
    ['none where there is none', [source('main', { state: 'missing' })], undefined],
  ])('%s', (_, sources, expected) => {
    const closest = closestSource(
      sources,
      new Map([
        [NEAR, 1],
        [FAR, 20],
      ]),
    );
    expect(closest === undefined ? undefined : referenceName(closest)).toBe(
      expected === undefined ? undefined : `registry.example/cache:${expected}`,
    );
  });
});

describe('the plan says in a line why nothing is merged', () => {
  const delivery = {
    driver: 'docker',
    engine: { rootless: false, desktop: false },
    offline: false,
    mayWrite: true,
  };

  it.each<[readonly Source[], string]>([
    [[source('main', { state: 'unprobed' })], 'the closest cache alone: the registry was not asked'],
    [[source('main', { state: 'missing' })], 'nothing: no cache was found'],
  ])('%#', (sources, text) => {
    expect(importText(planImport({ sources, donors: [], delivery }))).toBe(text);
  });
});
