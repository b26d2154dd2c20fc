import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layeredTarget } from '../../src/config/layered-target.ts';
import type { Settings } from '../../src/config/settings.ts';
import { cacheRepositories, imageRepositories, repositoryPart } from '../../src/refs/repositories.ts';
import { repositoryUse } from '../../src/refs/repository-use.ts';
import { parseRepository, repositoryName } from '../../src/registry/reference.ts';
import { parse } from '../config/small-file.ts';
import { policyGlobs } from '../iam/globs.ts';

/** The registries that there are, each in its spellings. */
const REGISTRIES = [
  ['docker.io', 'index.docker.io', 'docker.io:443'],
  ['localhost:5000', '127.0.0.1:5000', '[::1]:5000'],
  ['r.example', 'r.example:443'],
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com', '123456789012.dkr-ecr.us-east-1.on.aws'],
] as const;

interface Place {
  readonly registry: string;
  readonly trusted: string;
  readonly untrusted: string;
}

const name = fc.constantFrom(
  'app',
  'app-test',
  'main/app',
  'test/app',
  'app-${target}',
  '${target}',
  '${target}-test',
  'main/${target}',
  'test/${target}',
  'main/${target}/cache',
  'test/${target}/cache',
  'main-cache/${target}',
  'test-cache/${target}',
  'app-${target}-test',
);
const place = (of: readonly string[]): fc.Arbitrary<Place> =>
  fc.record({ registry: fc.constantFrom(...of), trusted: name, untrusted: name });
const anyPlace = fc.constantFrom(...REGISTRIES).chain(place);
const TARGETS = ['app', 'web', 'test', 'web-test', 'App', 'x_y', 'cache'] as const;

/** A file with these repositories, two targets of which have their own. */
function settingsWith(
  images: Place,
  cache: Place,
  own: { image: Partial<Place>; cache: Partial<Place> },
  other: { image: Partial<Place> },
): Settings | undefined {
  const parsed = parse(
    JSON.stringify({
      repository: 'github.com/acme/app',
      images,
      cache,
      bake: { files: ['docker-bake.hcl'] },
      targets: { web: own, rest: { ...other, lane: 'rest' } },
    }),
  );
  return parsed.ok ? parsed.settings : undefined;
}

/** Which registry and repository it really is. */
function realName(text: string): string {
  const host = text.slice(0, text.indexOf('/'));
  const path = text.slice(text.indexOf('/') + 1);
  const which = REGISTRIES.findIndex((spellings) => (spellings as readonly string[]).includes(host));
  return `${which}/${which === 0 && !path.includes('/') ? `library/${path}` : path}`;
}

describe('trusted and untrusted repositories stay apart (L1)', () => {
  const own = fc.record(
    { registry: fc.constantFrom(...REGISTRIES.flat()), trusted: name, untrusted: name },
    { requiredKeys: [] },
  );
  const nothing: fc.Arbitrary<Partial<Place>> = fc.constant({});

  it('over all targets that a file accepts or a bake file can bring, in all spellings, and in policies', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        anyPlace,
        anyPlace,
        fc.oneof(own, nothing),
        fc.oneof(own, nothing),
        fc.oneof(own, nothing),
        (images, cache, image, more, another) => {
          const settings = settingsWith(images, cache, { image, cache: more }, { image: another });
          if (settings === undefined) return;
          accepted += 1;
          const [web, rest] = settings.targets;
          if (web === undefined || rest === undefined) throw new Error('no targets');
          // A group's members have its settings, and a pull request names them, one that has an entry of its own too.
          const layered = [
            [web, rest],
            [rest, web],
          ].map((both) =>
            layeredTarget(
              '',
              both.flatMap(({ written }) => written ?? []),
              settings.written,
            ),
          );
          const targets = [web, rest, ...layered].flatMap((target) =>
            TARGETS.map((as) => ({ ...target, name: as })),
          );
          const pairs = targets.flatMap((t) => [
            imageRepositories(settings, t),
            cacheRepositories(settings, t),
          ]);
          const trusted = new Set(pairs.map((pair) => realName(repositoryName(pair.trusted))));
          const untrusted = pairs.map((pair) => realName(repositoryName(pair.untrusted)));
          expect(untrusted.filter((repository) => trusted.has(repository))).toEqual([]);
          const writable = (by: { trusted: boolean }) =>
            policyGlobs(repositoryUse(settings, by).pushes.map(repositoryName).map(realName));
          const byOthers = writable({ trusted: false });
          expect([...trusted].filter(byOthers)).toEqual([]);
          // Each build may write what is its own.
          const byTrusted = writable({ trusted: true });
          expect([...trusted].filter((repository) => !byTrusted(repository))).toEqual([]);
          expect(untrusted.filter((repository) => !byOthers(repository))).toEqual([]);
        },
      ),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

it('different targets have different repositories, and each is one', () => {
  const target = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,60}$/);
  fc.assert(
    fc.property(target, target, (a, b) => {
      for (const one of [a, b]) expect(parseRepository(`localhost/${repositoryPart(one)}`)).toBeDefined();
      fc.pre(a !== b);
      expect(repositoryPart(a)).not.toBe(repositoryPart(b));
    }),
    {
      examples: [
        ['App', 'app'],
        ['a_', 'a'],
        ['a--b', 'a-b'],
        ['_', '-'],
      ],
    },
  );
  expect(['api', 'runtime-1-0', 'x_y'].map(repositoryPart)).toEqual(['api', 'runtime-1-0', 'x_y']);
});
