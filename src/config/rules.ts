import * as z from 'zod';
import { parseReference, referenceName } from '../registry/reference.ts';
import { SAMPLE_COMMIT } from './fields.ts';
import type { Finding, Path } from './problem.ts';
import { badOwnRepositories, isNamedHere, mixedRepositories } from './repository-rules.ts';
import { reservation } from './reserved-names.ts';
import { sections } from './schema.ts';
import { isOfRelease } from './tag-template.ts';
import { BUILD_VALUES, expand, namesIn } from './template.ts';

/** Looks at the value of a whole file, well-formed or not. */
type Rule = (value: unknown) => readonly Finding[];

/** A rule runs as soon as the sections that it reads are in order, whatever is wrong elsewhere. */
function rule<S extends z.ZodRawShape>(
  reads: S,
  check: (read: z.output<z.ZodObject<S>>) => readonly Finding[],
): Rule {
  const shape = z.object(reads);
  return (value) => {
    const read = shape.safeParse(value);
    return read.success ? check(read.data) : [];
  };
}

const { images, cache, bake, targets, releases } = sections;

/** One repository for two purposes: trust would mean nothing, or images and caches would overwrite each other. */
const repositoriesAreDistinct = rule({ images, cache, targets }, (read) => {
  const places = {
    shared: { images: read.images.written, cache: read.cache.written },
    targets: read.targets,
  };
  return [...badOwnRepositories(places), ...mixedRepositories(places)];
});

/**
 * Of targets that nobody but the overlay need define. Others can be groups, whose targets have lanes of their own, or members of them:
 * they are looked at when bake has said what they are (`image-step/expand-targets.ts`).
 */
const lanesAreDistinct = rule({ targets }, (read) => {
  const all = Object.entries(read.targets)
    .filter(([, { inherits = [] }]) => inherits.length > 0)
    .map(([name, { lane = '' }]) => ({ name, lane }));
  return clashes(all, ({ lane }) => lane).map(({ entry: { name, lane }, earlier }) => ({
    path: ['targets', name, 'lane'],
    message: `lane '${lane}' is that of '${earlier.name}' already; they would overwrite each other's names`,
  }));
});

/** The overlay's variables carry the target's name in upper case, with '_' for '-'. */
const variablesAreDistinct = rule({ targets }, (read) => {
  const part = (target: string) => target.toUpperCase().replaceAll('-', '_');
  return clashes(Object.keys(read.targets), part).map(({ entry, earlier }) => ({
    path: ['targets', entry],
    message: `'${entry}' and '${earlier}' are both ${part(entry)} in the overlay's variables; rename one`,
    atKey: true,
  }));
});

/** What the survey and the canary of a call are called. */
const namesAreFree = rule({ targets }, (read) => {
  const names = Object.entries(read.targets).flatMap(([name, { inherits = [] }]) => [
    { path: ['targets', name], name, atKey: true },
    ...listed(['targets', name, 'inherits'], inherits).map((one) => ({ ...one, atKey: false })),
  ]);
  return names.flatMap(({ path, name, atKey }) => {
    const because = reservation(name);
    return because === undefined
      ? []
      : [{ path, atKey, message: `'${name}' ${because}: give it another name` }];
  });
});

const compressionsAreDistinct = rule({ targets }, (read) =>
  Object.entries(read.targets).flatMap(([name, { image = {} }]) => {
    const { compression = 'gzip', also = [] } = image;
    return listed(['targets', name, 'image', 'also'], also)
      .filter(({ name: one }, index) =>
        [compression, ...also.slice(0, index)].some((earlier) => earlier === one),
      )
      .map(({ path, name: one }) => ({ path, message: `the image is written as ${one} already` }));
  }),
);

const variablesAreSetOnce = rule({ bake }, ({ bake: { variables, passthrough } }) =>
  listed(['bake', 'passthrough'], passthrough)
    .filter(({ name }) => Object.hasOwn(variables, name))
    .map(({ path, name }) => ({ path, message: `'${name}' is set in bake.variables already; remove one` })),
);

const optionalIsSet = rule({ bake }, ({ bake: { variables, passthrough, optional } }) =>
  listed(['bake', 'optional'], optional)
    .filter(({ name }) => !Object.hasOwn(variables, name) && !passthrough.includes(name))
    .map(({ path, name }) => ({ path, message: `'${name}' is not in bake.variables or bake.passthrough` })),
);

/** What follows the build rebuilds every step that sees it, so it has to be declared. */
const perCommitIsDeclared = rule({ bake, targets }, (read) => {
  const perBuild = new Set<string>(BUILD_VALUES);
  const places: readonly (readonly [Path, Readonly<Record<string, string>>])[] = [
    [['bake', 'variables'], read.bake.variables],
    [['bake', 'args'], read.bake.args],
    ...Object.entries(read.targets).map(
      ([name, { args = {} }]) => [['targets', name, 'args'], args] as const,
    ),
  ];
  return places.flatMap(([path, templates]) =>
    Object.entries(templates)
      .filter(([, template]) => namesIn(template).some((value) => perBuild.has(value)))
      .filter(([name]) => !read.bake.perCommit.includes(name))
      .map(([name, template]) => ({
        path: [...path, name],
        message: `'${template}' differs between builds; add ${name} to bake.perCommit`,
      })),
  );
});

/** BuildKit refuses one reference twice in a build, and no export may overwrite another or an image. */
const extraExportsAreDistinct = rule({ images, cache, targets }, (read) => {
  const places = {
    shared: { images: read.images.written, cache: read.cache.written },
    targets: read.targets,
  };
  const lanes = new Set(Object.values(read.targets).map(({ lane = '' }) => lane));
  const all = listed(['cache', 'alsoExport'], read.cache.alsoExport).flatMap(({ path, name: template }) =>
    [...lanes].flatMap((lane) => {
      const laneSuffix = lane === '' ? '' : `-${lane}`;
      const reference = parseReference(expand(template, { commit: SAMPLE_COMMIT, lane, laneSuffix }));
      return reference === undefined ? [] : [{ path, template, reference }];
    }),
  );
  const taken = all.filter(({ reference }) => isNamedHere(places, reference));
  const twice = clashes(all, ({ reference }) => referenceName(reference));
  const findings = [
    ...taken.map(({ path, template }) => ({
      path,
      message: `'${template}' lies in a repository whose tags warmbake names itself`,
    })),
    ...twice.map(({ entry: { path, template } }) => ({
      path,
      message: `'${template}' gives a name that is exported already; two lanes need \${laneSuffix} in it`,
    })),
  ];
  // One report for a template, not one for each lane.
  return findings.filter(
    (finding, index) => findings.findIndex(({ path }) => path === finding.path) === index,
  );
});

/** Only the build of a release has a git tag that counts. */
const releasesAreNamed = rule({ images, targets, releases }, (read) => {
  if (read.releases !== undefined) return [];
  const places: readonly (readonly [Path, readonly string[]])[] = [
    [['images', 'tags'], read.images.tags],
    ...Object.entries(read.targets).map(
      ([name, { image }]) => [['targets', name, 'image', 'tags'], image?.tags ?? []] as const,
    ),
  ];
  return places.flatMap(([path, templates]) =>
    listed(path, templates)
      .filter(({ name }) => isOfRelease(name))
      .map(({ path: at, name }) => ({
        path: at,
        message: `'${name}' is written by builds of release tags only; say in releases.tags which those are`,
      })),
  );
});

/** Entries of a list with the path of each. */
function listed(path: Path, names: readonly string[]): readonly { path: Path; name: string }[] {
  return names.map((name, index) => ({ path: [...path, index], name }));
}

/** Entries that share an identity with an earlier one. */
function clashes<T>(entries: readonly T[], identity: (entry: T) => string): readonly Clash<T>[] {
  const seen = new Map<string, T>();
  return entries.flatMap((entry) => {
    const earlier = seen.get(identity(entry));
    if (earlier !== undefined) return [{ entry, earlier }];
    seen.set(identity(entry), entry);
    return [];
  });
}

interface Clash<T> {
  readonly entry: T;
  readonly earlier: T;
}

const RULES: readonly Rule[] = [
  repositoriesAreDistinct,
  lanesAreDistinct,
  variablesAreDistinct,
  namesAreFree,
  compressionsAreDistinct,
  variablesAreSetOnce,
  optionalIsSet,
  perCommitIsDeclared,
  extraExportsAreDistinct,
  releasesAreNamed,
];

/** What is wrong between the fields of a file, as far as they are well-formed. */
export function breaches(value: unknown): readonly Finding[] {
  return RULES.flatMap((check) => check(value));
}
