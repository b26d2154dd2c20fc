import { type Survey, membersOf } from '../bake/members.ts';
import { targetVariables } from '../bake/overlay.ts';
import { SAMPLE_COMMIT } from '../config/fields.ts';
import { layeredTarget } from '../config/layered-target.ts';
import type { Settings, TargetSettings } from '../config/settings.ts';
import type { WrittenTarget } from '../config/target-schema.ts';
import { isPerTarget } from '../config/repository-template.ts';
import { expand } from '../config/template.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { variantsOf } from '../refs/variants.ts';
import { memberLane } from '../refs/member-lane.ts';
import { cacheRepositories, imageRepositories } from '../refs/repositories.ts';
import { canonicalRepository } from '../registry/same-registry.ts';

/** The configured targets as bake's targets. */
export interface ExpandedTargets {
  /** The settings with a target for each target that bake builds: members in the place of groups and matrices. */
  readonly settings: Settings;
  /** Names of targets by each configured name. */
  readonly standsFor: ReadonlyMap<string, readonly string[]>;
  /** The configured names that are groups or matrices, with their targets, whether those build anything or not. */
  readonly groups: Survey['groups'];
  /** Further groups and matrices within those names, with their targets: a command knows them by name, too. */
  readonly within: ReadonlyMap<string, readonly string[]>;
  /** Configured names that the bake files do not have and that inherit nothing: bake would build an image of defaults. */
  readonly ghosts: readonly string[];
  /** What targets inherit from and the files do not have, by target. */
  readonly orphans: ReadonlyMap<string, string>;
}

/** The targets as they are configured, where bake was not asked. */
export function asConfigured(settings: Settings): ExpandedTargets {
  const standsFor = new Map(settings.targets.map(({ name }) => [name, [name]]));
  return { settings, standsFor, groups: new Map(), within: new Map(), ghosts: [], orphans: new Map() };
}

/**
 * Puts members in the place of groups and matrices. A member has the settings of its own entry, field by field above those of the
 * names that stand for it, the one with the fewest members first; beside others it is told apart by its name as a lane, unless its
 * entry says which one. Throws `config` where two of them would write the same names.
 */
export function expandTargets(settings: Settings, survey: Survey): ExpandedTargets {
  const { targets } = settings;
  const standsFor = new Map(targets.map(({ name }) => [name, membersOf(survey, name)]));
  const isGroup = (name: string): boolean => survey.groups.has(name);
  // Whoever writes the bake file decides how many there are.
  const members = new Map([...standsFor].map(([name, all]) => [name, new Set(all)]));
  const names = [...new Set(targets.flatMap(({ name }) => standsFor.get(name) ?? []))];
  const built = names.map((name): TargetSettings => {
    const own = targets.find((target) => target.name === name && !isGroup(name));
    const common = targets
      .filter((target) => isGroup(target.name) && members.get(target.name)?.has(name) === true)
      .map((target) => ({ target, size: members.get(target.name)?.size ?? 0 }))
      .toSorted((a, b) => a.size - b.size)
      .map(({ target }) => target);
    if (common.length === 0 && own !== undefined) return own;
    const entries = [...(own === undefined ? [] : [own]), ...common].map(({ written = {} }) => written);
    const merged = layeredTarget(name, entries, settings.written);
    const lane = own?.written?.lane ?? laneOf(merged, { entry: own?.written ?? {}, settings });
    return { ...merged, lane };
  });
  const expanded = { ...settings, targets: built };
  requireDistinctNames(expanded);
  const isMissing = (name: string): boolean => survey.missing.has(name);
  return {
    settings: expanded,
    standsFor,
    groups: new Map([...standsFor].filter(([name]) => isGroup(name))),
    within: groupsWithin(survey, new Set(names)),
    ghosts: targets
      .filter(({ name, inherits }) => isMissing(name) && inherits.length === 0)
      .map(({ name }) => name),
    orphans: new Map(
      built.flatMap(({ name, inherits }) => {
        const unknown = inherits.find(isMissing);
        return unknown === undefined ? [] : [[name, unknown] as const];
      }),
    ),
  };
}

/** Groups none of whose targets is left to defaults. */
function groupsWithin(survey: Survey, names: ReadonlySet<string>): ExpandedTargets['within'] {
  const groups = [...survey.groups.keys()].map((name) => [name, membersOf(survey, name)] as const);
  return new Map(groups.filter(([, members]) => members.every((member) => names.has(member))));
}

/** Where each target has repositories of its own, by its name or its entry, nothing else has to tell it apart. */
function laneOf(
  target: TargetSettings,
  { entry, settings }: { readonly entry: WrittenTarget; readonly settings: Settings },
): string {
  const { images, cache } = settings;
  const places = [
    [target.repositories?.images ?? images, entry.image],
    [target.repositories?.cache ?? cache, entry.cache],
  ] as const;
  const own = places.every(([pair, written]) =>
    (['trusted', 'untrusted'] as const).every(
      (trust) => isPerTarget(pair[trust]) || written?.[trust] !== undefined,
    ),
  );
  return own ? target.lane : memberLane(target.name, target.lane);
}

/** Throws `config` where two targets would have the same refs, or the same variables of the overlay. */
function requireDistinctNames(settings: Settings): void {
  const { cache } = settings;
  const targets = settings.targets.flatMap((target) => [target, ...variantsOf(target, settings)]);
  const problems = [
    ...shared(targets, (target) => refsOf(settings, target)).map(
      ([name, other]) =>
        `'${name}' and '${other}' have the lane '${targets.find((one) => one.name === name)?.lane ?? ''}' and a repository in common: they would overwrite each other's names; give one another lane, or \${target} a place in the repositories`,
    ),
    ...shared(targets, ({ name }) => [targetVariables(name).tags]).map(
      ([name, other]) => `'${name}' and '${other}' differ only by case, '-' and '_'; rename one`,
    ),
    ...shared(settings.targets, ({ lane }) =>
      cache.alsoExport.map((template) =>
        expand(template, { commit: SAMPLE_COMMIT, lane, laneSuffix: lane === '' ? '' : `-${lane}` }),
      ),
    ).map(
      ([name, other]) =>
        `'${name}' and '${other}' would export to one name of cache.alsoExport; add \${laneSuffix} to it`,
    ),
  ];
  if (problems.length === 0) return;
  throw new WarmbakeError('config', 'targets-share-names', [...new Set(problems)].join('\n  '));
}

/** A text for each repository that a target's names lie in, with its lane: images and caches of two targets count, too. */
function refsOf(settings: Settings, target: TargetSettings): readonly string[] {
  const pairs = [imageRepositories(settings, target), cacheRepositories(settings, target)];
  return pairs
    .flatMap(({ trusted, untrusted }) => [trusted, untrusted])
    .map((repository) => `${canonicalRepository(repository)}:${target.lane}`);
}

/** Targets that share a key with an earlier one, with that and the key. */
function shared(
  targets: readonly TargetSettings[],
  keysOf: (target: TargetSettings) => readonly string[],
): readonly (readonly [string, string, string])[] {
  const seen = new Map<string, string>();
  return targets.flatMap((target) =>
    keysOf(target).flatMap((key) => {
      const earlier = seen.get(key);
      if (earlier !== undefined) return [[target.name, earlier, key] as const];
      seen.set(key, target.name);
      return [];
    }),
  );
}
