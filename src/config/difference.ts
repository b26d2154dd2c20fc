import { readDocument } from './document.ts';
import { pathText } from './problem.ts';
import type { Path } from './problem.ts';

/** So many settings are named at most. */
const NAMED = 20;

/**
 * Paths of the settings in which two texts of a configuration differ, in the order of their keys; `undefined` where `other` is no
 * YAML. Spelling, comments and order do not count.
 */
export function changedSettings(used: string, other: string): readonly string[] | undefined {
  const [mine, theirs] = [readDocument(used), readDocument(other)];
  if (mine.state === 'broken' || theirs.state === 'broken') return undefined;
  return differences(mine.value, theirs.value, []).map(pathText);
}

/** A phrase about them: all of a few, the first ones of many. */
export function changesText(changed: readonly string[]): string {
  const more = changed.length > NAMED ? ` and ${changed.length - NAMED} more` : '';
  return `${changed.slice(0, NAMED).join(', ')}${more}`;
}

function differences(mine: unknown, theirs: unknown, path: Path): readonly Path[] {
  const [ours, others] = [mappingOf(mine), mappingOf(theirs)];
  if (ours === undefined || others === undefined) return isSame(mine, theirs) ? [] : [path];
  const keys = [...new Set([...ours.keys(), ...others.keys()])].toSorted();
  return keys.flatMap((key) => differences(ours.get(key), others.get(key), [...path, key]));
}

/** What a mapping holds; a list is one setting as a whole. */
function mappingOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

function isSame(mine: unknown, theirs: unknown): boolean {
  return JSON.stringify(mine) === JSON.stringify(theirs);
}
