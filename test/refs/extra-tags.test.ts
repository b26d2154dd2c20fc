import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TargetSettings } from '../../src/config/settings.ts';
import type { BuildContext, Origin } from '../../src/context/context.ts';
import { extraTags } from '../../src/refs/extra-tags.ts';
import { imageNames } from '../../src/refs/image-names.ts';
import { variantsOf } from '../../src/refs/variants.ts';
import { isTag, referenceName } from '../../src/registry/reference.ts';
import { PLACE } from '../context/place.ts';
import { COMMIT } from '../context/recorded.ts';
import { anyBuild, contextOf, isTheTrustedBuild, TRUSTED } from './any-build.ts';

const MAIN: Origin = { kind: 'main', branch: 'main' };
const release = (tag: string): Origin => ({ kind: 'tag', tag });

function build(origin: Origin, more: Partial<BuildContext> = {}): BuildContext {
  const context = contextOf(TRUSTED, '');
  if (context === undefined) throw new Error('refused');
  const ci = { number: '57', id: '018f6d2c-0d5b-4d70-9a3e-0d1c7f4b9a10' };
  return { ...context, origin, trusted: true, because: '', build: ci, ...more };
}

const [APP, CPU] = PLACE.targets;

/** What these templates give to a target, without the repository. */
function given(
  templates: readonly string[],
  context: BuildContext,
  { target = APP, day = '2024-05-01' }: { readonly target?: TargetSettings; readonly day?: string } = {},
) {
  const tags = extraTags(
    context,
    { ...target, image: { ...target.image, tags: templates } },
    { settings: PLACE, ...(day === '' ? {} : { day }) },
  );
  const short = (refs: typeof tags.once) =>
    refs.map((ref) => referenceName(ref).replace('images.test/main:', ''));
  return { once: short(tags.once), moving: short(tags.moving), unwritten: tags.unwritten };
}

describe('a build of the trusted branch gives', () => {
  it.each<[string, string, 'once' | 'moving']>([
    ['${date}-${commit}', `2024-05-01-${COMMIT}`, 'once'],
    ['git.${shortCommit}', `git.${COMMIT.slice(0, 12)}`, 'once'],
    ['b${buildNumber}', 'b57', 'once'],
    ['nightly', 'nightly', 'moving'],
    ['${date}', '2024-05-01', 'moving'],
    ['${target}-edge', 'app-edge', 'moving'],
    ['main', 'main', 'moving'],
  ])('for %s the tag %s, %s', (template, tag, kind) => {
    expect(given([template], build(MAIN))).toEqual({ once: [], moving: [], unwritten: [], [kind]: [tag] });
  });

  it('a lane its own ending', () => {
    expect(given(['nightly', 'b${buildNumber}'], build(MAIN), { target: CPU })).toEqual({
      once: ['b57-cpu'],
      moving: ['nightly-cpu'],
      unwritten: [],
    });
  });

  it('a further compression the tags of its target, ending in its name', () => {
    const settings = { images: PLACE.images, cache: PLACE.cache };
    const [zstd] = variantsOf({ ...APP, image: { ...APP.image, also: ['zstd'] } }, settings);
    if (zstd === undefined) throw new Error('no further compression');
    expect(given(['${target}', 'b${buildNumber}'], build(MAIN), { target: zstd })).toEqual({
      once: ['b57-zstd'],
      moving: ['app-zstd'],
      unwritten: [],
    });
  });

  it('no tag of a release, and none with a day that git does not know', () => {
    expect(given(['${version}', '${date}'], build(MAIN), { day: '' }).unwritten).toEqual([
      { template: '${version}', because: 'only the build of a release tag writes it' },
      { template: '${date}', because: 'git does not know the day of the commit' },
    ]);
  });
});

describe('the build of a release tag gives', () => {
  it.each([
    ['v1.2.3', '${version}', '1.2.3'],
    ['v1.2.3', '${tag}', 'v1.2.3'],
    ['1.2.3', '${version}', '1.2.3'],
    ['version-2', '${version}', 'version-2'],
    ['20240501', '${version}', '20240501'],
    ['v1', 'release-${version}-${shortCommit}', `release-1-${COMMIT.slice(0, 12)}`],
  ])('of %s for %s the tag %s, once', (tag, template, expected) => {
    expect(given([template], build(release(tag)))).toEqual({ once: [expected], moving: [], unwritten: [] });
  });

  it('one name where two templates agree, and none of the names that follow the branch', () => {
    const tags = given(['${tag}', '${version}', 'nightly', 'b${buildNumber}'], build(release('1.0')));
    expect(tags).toEqual({
      once: ['1.0'],
      moving: [],
      unwritten: [
        { template: 'nightly', because: 'builds of the trusted branch write it' },
        { template: 'b${buildNumber}', because: 'builds of the trusted branch write it' },
      ],
    });
  });
});

describe('whoever pushes a git tag cannot take the name of a build of main to come', () => {
  it.each([
    ['b58', 'b${buildNumber}'],
    ['2031-01-01', '${date}'],
    [`2031-01-01-${'a'.repeat(12)}`, '${date}-${shortCommit}'],
    [`x.${'b'.repeat(40)}`, 'x.${commit}'],
    ['app-edge', '${target}-edge'],
  ])('%s: %s', (tag, template) => {
    expect(() => given(['${tag}', template], build(release(tag)))).toThrow(
      `'${tag}' is what '${template}' can give to builds of the trusted branch`,
    );
    expect(given(['${tag}', template], build(release(`${tag}.`))).once).toEqual([`${tag}.`]);
  });

  it('nor by what stands for nothing in a pattern', () => {
    const tag = `xx${'b'.repeat(40)}`;
    expect(given(['${tag}', 'x.${commit}'], build(release(tag))).once).toEqual([tag]);
  });
});

describe('a git tag whose name is taken, or none, is refused with the reason', () => {
  it.each([
    ['latest', '${version}', "'latest' begins like 'latest', which follows the trusted branch by itself"],
    ['latest-cpu', '${version}', "'latest-cpu' begins like 'latest'"],
    [COMMIT, '${version}', "begins like a commit's own name"],
    [`${COMMIT}-zstd`, '${version}', "begins like a commit's own name"],
    ['pr-7', '${version}', "begins like a pull request's own name"],
    ['1.0-zstd', '${version}', 'ends like the name of an image in a further compression'],
    ['1.0-cpu', '${version}', "'1.0-cpu' ends like the tag of another lane"],
    ['release/1.0', '${version}', "'release/1.0' gives no image tag"],
    ['v1.0+build5', '${version}', "'1.0+build5' gives no image tag"],
    ['.1', '${version}', 'gives no image tag'],
    ['x'.repeat(129), '${version}', 'gives no image tag'],
    ['nightly', '${version}', "'nightly' is what 'nightly' can give to builds of the trusted branch"],
    ['2024-05-01', '${tag}', "is what '${date}' can give to builds of the trusted branch"],
  ])('%s', (tag, template, because) => {
    expect(() => given([template, 'nightly', '${date}'], build(release(tag)))).toThrow(because);
  });
});

it('a tag that would be too long with its lane is refused', () => {
  expect(() => given(['${version}'], build(release('1'.repeat(125))), { target: CPU })).toThrow(
    'gives no image tag',
  );
});

it('one name cannot stay and move', () => {
  expect(() => given(['57', '${buildNumber}'], build(MAIN))).toThrow("'57' is also what");
});

it('only trusted builds have further tags, and only in the trusted repository (L1)', () => {
  fc.assert(
    fc.property(anyBuild, ({ env, branch, target }) => {
      const context = contextOf(env, branch);
      if (context === undefined) return;
      const image = {
        ...target.image,
        tags: ['x${buildNumber}', 'y-${shortCommit}', '${version}', 'nightly'],
      };
      const { once, moving, unwritten } = extraTags(context, { ...target, image }, { settings: PLACE });
      expect(once.length + moving.length > 0).toBe(isTheTrustedBuild(env));
      expect(unwritten.length > 0).toBe(true);
      for (const ref of [...once, ...moving])
        expect(ref).toMatchObject({ host: 'images.test', path: 'main' });
    }),
    { numRuns: 1000 },
  );
});

/** Names that people and attackers give to git tags. */
const gitTag = fc.oneof(
  fc.constantFrom(
    'v1',
    '1',
    'latest',
    'vlatest',
    'pr-7',
    COMMIT,
    'nightly',
    'cpu',
    '1-cpu',
    'x-nightly',
    '-cpu',
  ),
  fc.stringMatching(/^[a-z0-9.-]{1,12}(?:-cpu|-nightly|-gpu|-zstd)?$/),
);

it('no release names what any other build names by itself, whatever its tag and lane (L2)', () => {
  const lanes = ['', 'cpu', 'nightly', 'gpu-nightly'];
  const targets = lanes.map((lane) => ({ ...APP, name: `app${lane}`, lane }));
  const settings = { ...PLACE, targets };
  fc.assert(
    fc.property(fc.array(gitTag, { minLength: 1, maxLength: 12 }), (tags) => {
      const owners = new Map<string, string>();
      for (const target of targets) {
        const { push, moving } = imageNames(build(MAIN), target, { settings });
        for (const ref of [...push, ...moving]) owners.set(ref.tag, `main ${target.lane}`);
      }
      for (const tag of tags) {
        for (const target of targets) {
          const image = { ...target.image, tags: ['${tag}'] };
          let names: readonly string[] = [];
          try {
            const { once } = extraTags(build(release(tag)), { ...target, image }, { settings });
            names = once.map((ref) => ref.tag);
          } catch {
            continue;
          }
          for (const name of names) {
            const owner = `${tag} ${target.lane}`;
            expect(isTag(name)).toBe(true);
            expect(owners.get(name) ?? owner).toBe(owner);
            owners.set(name, owner);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});
