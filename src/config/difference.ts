import { readDocument } from './document.ts';
import { pathText } from './problem.ts';
import type { Path } from './problem.ts';

/** So many settings are named at most. */
const NAMED = 20;

/** No configuration is longer, and none has more brackets or deeper lines; a reader of YAML that meets 20 000 brackets ends the process. */
const READABLE = { characters: 64 * 1024, brackets: 2000, indent: 200 } as const;

/**
 * Paths of the settings in which two texts of a configuration differ, in the order of their keys; `undefined` where `other` is no
 * YAML, or none that somebody would write: it is anybody's. Spelling, comments and order do not count.
 */
export function changedSettings(used: string, other: string): readonly string[] | undefined {
  if (!isReadable(other)) return undefined;
  const [mine, theirs] = [readDocument(used), readDocument(other)];
  if (mine.state === 'broken' || theirs.state === 'broken') return undefined;
  return differences(mine.value, theirs.value, []).map(pathText);
}

function isReadable(text: string): boolean {
  if (text.length > READABLE.characters) return false;
  const indents = text.split(/[\r\n]/).map((line) => /^[\s?:-]*/.exec(line)?.[0].length ?? 0);
  return text.split(/[[{]/).length <= READABLE.brackets && indents.every((n) => n <= READABLE.indent);
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
