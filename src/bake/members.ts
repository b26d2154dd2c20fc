import * as z from 'zod';
import { ALIAS } from '../config/reserved-names.ts';
import { jsonOrUndefined } from '../platform/json.ts';
import type { Targets } from './definition.ts';

/** What the repository's bake files say about some names. */
export interface Survey {
  /** Targets of each group by its name; what bake makes of a matrix is a group too. A target of a group can be a group. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Names that are neither target nor group. */
  readonly missing: ReadonlySet<string>;
  /** What the files alone make of each target. */
  readonly targets: Targets;
}

/**
 * The targets that `name` stands for, each once, in bake's order: itself, or those of the group, through groups in it. A group that lists
 * its own name means the target of that name, as for bake (github.com/docker/buildx, bake/bake.go, `group`).
 */
export function membersOf({ groups }: Pick<Survey, 'groups'>, name: string): readonly string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const open = new Set<string>();
  // By hand and not by calls: who writes the bake file decides how deep groups lie in each other.
  const next: (readonly ['enter' | 'leave', string])[] = [['enter', name]];
  for (let step = next.pop(); step !== undefined; step = next.pop()) {
    const [what, one] = step;
    const own = groups.get(one);
    if (what === 'leave') {
      open.delete(one);
      done.add(one);
    } else if (own === undefined || open.has(one)) {
      found.add(one);
    } else if (!done.has(one)) {
      open.add(one);
      next.push(['leave', one], ...own.toReversed().map((each) => ['enter', each] as const));
    }
  }
  return [...found];
}

/**
 * The group that stands for `name` in a {@link surveyFile}; it holds that name and no other: asked by its own name, bake would add it to
 * `default`.
 */
export function aliasOf(name: string): string {
  return `${ALIAS}${name}`;
}

/** Targets that the overlay defines, with what they inherit of the files. */
export type Overlaid = Readonly<Record<string, readonly string[]>>;

/**
 * A bake file (JSON) that asks about `names`. Those of `overlaid` need not exist: the overlay defines them, and so does this file, with
 * what they inherit and nothing else.
 */
export function surveyFile(names: readonly string[], overlaid: Overlaid): string {
  const targets = Object.entries(overlaid).map(
    ([name, inherits]) => [name, inherits.length === 0 ? {} : { inherits }] as const,
  );
  return JSON.stringify({
    group: Object.fromEntries(names.map((name) => [aliasOf(name), { targets: [name] }])),
    // The parser takes an empty object for a block without a name.
    ...(targets.length === 0 ? {} : { target: Object.fromEntries(targets) }),
  });
}

const printed = z.looseObject({
  group: z.record(z.string(), z.looseObject({ targets: z.array(z.string()).default([]) })).default({}),
});

/** The groups of a printed document, without what the survey itself added. */
export function groupsOfSurvey(raw: unknown): Survey['groups'] {
  const { group } = printed.parse(raw);
  const groups = Object.entries(group)
    .filter(([name]) => !name.startsWith(ALIAS))
    .map(([name, { targets }]) => [name, targets.filter((one) => !one.startsWith(ALIAS))] as const);
  return new Map(groups.filter(([, targets]) => targets.length > 0));
}

/** Names of targets and groups in the text of a bake file, for suggestions only: a matrix has more. */
export function namesInText(text: string): readonly string[] {
  const hcl = [...text.matchAll(/^[ \t]*(?:target|group)[ \t]+"?([\w-]+)"?[ \t]*\{/gm)].map(
    (match) => match[1] ?? '',
  );
  if (hcl.length > 0 || !text.trimStart().startsWith('{')) return hcl;
  const named = z.record(z.string(), z.unknown()).default({});
  const parsed = z.looseObject({ target: named, group: named }).safeParse(jsonOrUndefined(text));
  return parsed.success ? [...Object.keys(parsed.data.target), ...Object.keys(parsed.data.group)] : [];
}
