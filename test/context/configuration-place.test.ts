import { describe, expect, it } from 'vitest';
import type { ConfigurationSource } from '../../src/config/source.ts';
import { readCi } from '../../src/ci/read-ci.ts';
import { type ConfigurationPlace, placeOfConfiguration } from '../../src/context/configuration-place.ts';
import { pullRequest, push } from './recorded.ts';

const FILE: ConfigurationPlace = { at: 'file' };
const MERGE_BASE: ConfigurationPlace = { at: 'merge-base', branch: 'main' };

const TIP: ConfigurationPlace = { at: 'tip', branch: 'main' };

const BUILDS: Readonly<Record<string, readonly [Record<string, string> | undefined, ConfigurationPlace]>> = {
  'of the trusted branch': [push('main'), FILE],
  'of a pull request': [pullRequest('octocat:x'), MERGE_BASE],
  'of a pull request whose branch is called main': [pullRequest('main'), MERGE_BASE],
  'of a branch': [push('feature'), MERGE_BASE],
  'of a tag called main': [push('main', { BUILDKITE_TAG: 'main' }), TIP],
  'of a tag': [push('v1', { BUILDKITE_TAG: 'v1' }), TIP],
  'of a merge queue': [
    push('gh-readonly-queue/main/pr-1-0123456789abcdef0123456789abcdef01234567'),
    MERGE_BASE,
  ],
  'with the repository of a pull request': [
    push('main', { BUILDKITE_PULL_REQUEST_REPO: 'https://x/y/z' }),
    MERGE_BASE,
  ],
  'on a machine that is no Buildkite': [undefined, FILE],
};

function place(
  env: Record<string, string> | undefined,
  source?: ConfigurationSource,
  { inCheckout = true }: { inCheckout?: boolean } = {},
): ConfigurationPlace {
  return placeOfConfiguration(source, { build: readCi(env ?? {}), inCheckout });
}

describe('a build takes the configuration from the right place (L1)', () => {
  it.each(Object.entries(BUILDS))('%s', (_, [env, expected]) => {
    expect(place(env)).toEqual(expected);
    expect(place(env, undefined, { inCheckout: false })).toEqual(FILE);
    expect(place(env, { kind: 'checkout' })).toEqual(FILE);
    expect(place(env, { kind: 'digest', digest: 'sha256:' })).toEqual(FILE);
  });

  it('a named source is taken where the build is not the branch itself', () => {
    expect(place(pullRequest('x'), { kind: 'tip' })).toEqual({ at: 'tip', branch: 'main' });
    expect(place(push('main'), { kind: 'tip', branch: 'release' })).toEqual({ at: 'tip', branch: 'release' });
    expect(place(push('release'), { kind: 'tip', branch: 'release' })).toEqual(FILE);
    expect(place(undefined, { kind: 'merge-base' })).toEqual(MERGE_BASE);
  });

  it('a tag can be on any commit of the branch, so its build never takes the file of the merge base', () => {
    const tag = push('v1', { BUILDKITE_TAG: 'v1' });
    expect(place(tag, { kind: 'merge-base' })).toEqual(TIP);
    expect(place(tag, { kind: 'merge-base', branch: 'trunk' })).toEqual({ at: 'tip', branch: 'trunk' });
  });

  it("the branch is the pipeline's default one where none is named", () => {
    const byDefault = { BUILDKITE_PIPELINE_DEFAULT_BRANCH: 'trunk' };
    expect(place(push('trunk', byDefault))).toEqual(FILE);
    expect(place(push('main', byDefault))).toEqual({ at: 'merge-base', branch: 'trunk' });
    expect(place(push('main', byDefault), { kind: 'tip', branch: 'main' })).toEqual(FILE);
  });
});
