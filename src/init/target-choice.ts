import { linkedTargets } from '../bake/linked-targets.ts';
import { type Survey, membersOf } from '../bake/members.ts';
import { memberLane } from '../refs/member-lane.ts';
import { type Choice, foundValue, openValue } from './choice.ts';

/** What the bake files define. */
export interface DefinedNames {
  /** All names of targets, groups and matrices, in the order of the files. */
  readonly names: readonly string[];
  /** Groups and matrices, as bake says or as the text does. */
  readonly groups: Survey['groups'];
  /** Names that build nothing, each by itself, or serve others as a context. */
  readonly serving: ReadonlySet<string>;
}

/** An entry of `targets`. */
export interface DraftTarget {
  readonly name: string;
  /** Absent where nothing has to tell it apart. */
  readonly lane?: string;
}

/** What a survey says about names: which of them are groups, and which are no image by themselves. */
export function namesOfSurvey(names: readonly string[], survey: Survey): DefinedNames {
  const there = names.filter((name) => !survey.missing.has(name));
  const contexts = new Map([...survey.targets].map(([name, one]) => [name, Object.values(one.contexts)]));
  const linked = new Set([...contexts.keys()].flatMap((name) => linkedTargets(contexts, [name])));
  const isCall = (name: string): boolean => !['', 'build'].includes(survey.targets.get(name)?.call ?? '');
  const calls = there.filter((name) => membersOf(survey, name).every(isCall));
  return { names: there, groups: survey.groups, serving: new Set([...linked, ...calls]) };
}

/** What a configuration can have as key; others would be refused. */
const KEY = /^[a-zA-Z][a-zA-Z0-9_-]*$/;

/** Names that files give to what is only inherited; the second is a convention of a GitHub action. */
const BASE = /^(?:_.*|docker-metadata-action)$/;

/**
 * What is built, commas between the names: `default`, as bare bake does; else the groups that are in no other; else, where there are
 * several targets and no group, that is for a person to say.
 */
export function targetChoice({ names, groups, serving }: DefinedNames): Choice {
  const usable = names.filter((name) => KEY.test(name) && !BASE.test(name) && !serving.has(name));
  if (usable.includes('default')) return foundValue('default', 'what bare `docker buildx bake` builds');
  const inner = new Set([...groups].flatMap(([name, members]) => members.filter((one) => one !== name)));
  const outer = usable.filter((name) => groups.has(name) && !inner.has(name));
  if (outer.length > 0)
    return foundValue(outer.join(','), 'no group is called default; these are in no other');
  const plain = usable.filter((name) => !inner.has(name));
  const [only] = plain;
  if (only !== undefined && plain.length === 1) return foundValue(only, 'the only target');
  const all = plain.length > 0 ? plain : usable;
  return openValue({
    option: '--target',
    what: 'the targets that CI builds, commas between them',
    about: ['there is no group, and none is called default'],
    fallback: (all.length > 0 ? all : names).join(','),
    because: 'all there are',
  });
}

/** Entries for names: targets that stand side by side get a lane each; members of groups have one by themselves. */
export function draftTargets(
  chosen: readonly string[],
  { groups }: Pick<DefinedNames, 'groups'>,
): readonly DraftTarget[] {
  return chosen.map((name) =>
    chosen.length === 1 || groups.has(name) ? { name } : { name, lane: memberLane(name, '') },
  );
}

/** Names that nothing of `chosen` builds, for people who look for one. */
export function leftOut(chosen: readonly string[], { names, groups }: DefinedNames): readonly string[] {
  const built = new Set(chosen.flatMap((name) => [name, ...membersOf({ groups }, name)]));
  // A group or matrix is built where something of it is.
  const isBuilt = (name: string): boolean =>
    built.has(name) || (groups.has(name) && membersOf({ groups }, name).some((one) => built.has(one)));
  return names.filter((name) => !BASE.test(name) && !isBuilt(name));
}
