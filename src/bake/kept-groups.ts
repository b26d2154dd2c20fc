import * as z from 'zod';
import { ALIAS } from '../config/reserved-names.ts';
import { type Survey, aliasOf } from './members.ts';

/**
 * The bake file `definition` with what names stand for: a group for each, as a survey calls it, which no file of a repository may have.
 * What the file builds by its other names stays the same; a group can list targets that were not built, so it is for reading alone.
 */
export function keepGroups(definition: object, groups: Survey['groups']): object {
  if (groups.size === 0) return definition;
  const { group } = withGroups.parse(definition);
  const kept = [...groups].map(([name, targets]) => [aliasOf(name), { targets }] as const);
  return { ...definition, group: { ...group, ...Object.fromEntries(kept) } };
}

/** What {@link keepGroups} kept; nothing where the file is older than that, or no bake file. */
export function keptGroups(raw: unknown): Survey['groups'] {
  const { data } = keeping.safeParse(raw);
  const groups = Object.entries(data?.group ?? {})
    .filter(([name, { targets }]) => name.startsWith(ALIAS) && targets.length > 0)
    .map(([name, { targets }]) => [name.slice(ALIAS.length), targets] as const);
  return new Map(groups);
}

const withGroups = z.object({ group: z.record(z.string(), z.unknown()).default({}) });
const keeping = z.object({
  group: z.record(z.string(), z.object({ targets: z.array(z.string()).default([]) })),
});
