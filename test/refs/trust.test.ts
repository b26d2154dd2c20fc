import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TRUST } from '../../src/refs/candidate.ts';
import { cacheSources } from '../../src/refs/sources.ts';
import { writtenRefs } from '../../src/refs/written-refs.ts';
import type { BuildContext } from '../../src/context/context.ts';
import { imageNames } from '../../src/refs/image-names.ts';
import { referenceName } from '../../src/registry/reference.ts';
import { PLACE, placeOf } from '../context/place.ts';
import { COMMIT } from '../context/recorded.ts';
import { anyBuild, contextOf, isTheTrustedBuild, TRUSTED } from './any-build.ts';

describe('for every combination of repository, branch, tag, pull request and environment (L1)', () => {
  it('trusted refs are written by the trusted build, and it writes no other', () => {
    fc.assert(
      fc.property(anyBuild, ({ env, branch, target, pushLocally }) => {
        const context = contextOf(env, branch);
        if (context === undefined) return;
        const options = { settings: PLACE, push: pushLocally };
        const cache = writtenRefs(context, target, options);
        const image = imageNames(context, target, options);
        const all = [
          ...(cache.exportTo === undefined ? [] : [cache.exportTo]),
          ...cache.promoteTo,
          ...image.push,
          ...image.moving,
        ];
        const expected = isTheTrustedBuild(env) ? 'trusted' : 'untrusted';
        expect(new Set([expected, ...all.map(placeOf)])).toEqual(new Set([expected]));
        expect(cache.alsoExport.length > 0).toBe(isTheTrustedBuild(env));
        expect(image.moving.length > 0).toBe(isTheTrustedBuild(env));
        expect(all.length > 0).toBe(context.origin.kind !== 'local' || pushLocally);
      }),
      { numRuns: 3000 },
    );
  });

  it('the trusted build imports trusted refs only', () => {
    fc.assert(
      fc.property(anyBuild, ({ env, branch, target }) => {
        const context = contextOf({ ...env, ...TRUSTED }, branch);
        if (context?.trusted !== true) throw new Error('not trusted');
        const places = cacheSources(context, target, PLACE).map(({ ref }) => placeOf(ref));
        expect(new Set(places)).toEqual(new Set(['trusted']));
      }),
    );
  });

  it('no ref that an untrusted build writes is asked for by a trusted one', () => {
    fc.assert(
      fc.property(anyBuild, anyBuild, (one, other) => {
        const untrusted = contextOf(one.env, one.branch);
        const trusted = contextOf({ ...other.env, ...TRUSTED }, other.branch);
        fc.pre(untrusted !== undefined && !untrusted.trusted && trusted !== undefined);
        const { exportTo, promoteTo, alsoExport } = writtenRefs(untrusted, one.target, {
          settings: PLACE,
          push: true,
        });
        const written = [...(exportTo === undefined ? [] : [exportTo]), ...promoteTo, ...alsoExport];
        const asked = new Set(
          cacheSources(trusted, other.target, PLACE).map(({ ref }) => referenceName(ref)),
        );
        expect(written.map(referenceName).filter((name) => asked.has(name))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('the word of what only the trusted build writes counts most, of what a branch can have written itself least', () => {
    fc.assert(
      fc.property(anyBuild, ({ env, branch, target }) => {
        const context = contextOf(env, branch);
        if (context === undefined) return;
        for (const { role, ref, trust } of cacheSources(context, target, PLACE)) {
          const others = ['base', 'merge-base', 'base-previous'].includes(role);
          const expected = others ? TRUST.others : TRUST.own;
          expect(trust).toBe(placeOf(ref) === 'trusted' ? TRUST.trusted : expected);
        }
      }),
    );
  });

  it('a ref is asked for once, in its lane, and main of the trusted repository always', () => {
    fc.assert(
      fc.property(anyBuild, ({ env, branch, target }) => {
        const context = contextOf(env, branch);
        if (context === undefined) return;
        const sources = cacheSources(context, target, PLACE);
        const names = sources.map(({ ref }) => referenceName(ref));
        expect(new Set(names).size).toBe(names.length);
        expect(names).toContain(`cache.test/main:latest${target.lane === '' ? '' : '-cpu'}`);
        expect(names.filter((name) => !name.endsWith(target.lane))).toEqual([]);
      }),
    );
  });
});

describe('the refs of a lane', () => {
  const [, cpu] = PLACE.targets;

  it('of the trusted build carry it, also where older tools read', () => {
    const context = contextOf(TRUSTED, '');
    if (context === undefined) throw new Error('refused');
    const written = writtenRefs(context, cpu, { settings: PLACE });
    expect(
      [written.exportTo, ...written.promoteTo, ...written.alsoExport].map((ref) => ref && referenceName(ref)),
    ).toEqual([
      `cache.test/main:${COMMIT}-cpu`,
      'cache.test/main:latest-cpu',
      `cache.test/elsewhere:${COMMIT}-cpu`,
    ]);
    expect(imageNames(context, cpu, { settings: PLACE }).moving.map(referenceName)).toEqual([
      'images.test/main:latest-cpu',
    ]);
  });
});

it('a local build that pushes needs a commit', () => {
  const context: BuildContext = { origin: { kind: 'local' }, trusted: false, because: 'not in CI' };
  const [target] = PLACE.targets;
  expect(() => writtenRefs(context, target, { settings: PLACE, push: true })).toThrow(
    'git knows no commit here; a build that pushes needs one',
  );
  expect(cacheSources(context, target, PLACE).map(({ role }) => role)).toEqual(['main']);
});

it('a ref that two roles name belongs to the first', () => {
  const context = contextOf({ ...TRUSTED, BUILDKITE_PULL_REQUEST: '7' }, '');
  if (context?.parent === undefined) throw new Error('refused');
  const [target] = PLACE.targets;
  const earlier = { mergeBase: context.parent, previous: [context.parent], basePrevious: [] };
  const roles = cacheSources({ ...context, ...earlier }, target, PLACE).map(({ role }) => role);
  expect(roles).toEqual(['commit', 'commit', 'parent', 'parent', 'own', 'main']);
});

it('old names are left out where they are not asked for', () => {
  const context: BuildContext = { origin: { kind: 'branch', branch: 'a/b' }, trusted: false, because: '' };
  const [target] = PLACE.targets;
  const roles = cacheSources(context, target, { ...PLACE, compat: { oldNames: false } }).map(
    ({ role }) => role,
  );
  expect(roles).toEqual(['own', 'main']);
});

it('a local build on a branch asks for what its pull request would, but for what only that one has a name for', () => {
  const context = contextOf({ ...TRUSTED, BUILDKITE_PULL_REQUEST: '7', BUILDKITE_BRANCH: 'work' }, 'work');
  if (context === undefined) throw new Error('refused');
  const local: BuildContext = { ...context, origin: { kind: 'local', branch: 'work' } };
  for (const target of PLACE.targets) {
    const [here, there] = [local, context].map((one) =>
      cacheSources(one, target, { ...PLACE, compat: { oldNames: false } })
        .filter(({ role }) => role !== 'own')
        .map(({ role, ref }) => [role, referenceName(ref)]),
    );
    expect(here).toEqual(there);
    expect(here?.length).toBeGreaterThan(5);
  }
});
