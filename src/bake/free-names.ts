import * as z from 'zod';
import { ESCAPE_CANARY, reservation } from '../config/reserved-names.ts';
import { WarmbakeError } from '../platform/errors.ts';

/**
 * Throws `config` where a printed document, just parsed, has a target or group of the bake files by a name that is not theirs to give: it
 * would be gone, or be another, without a word.
 */
export function requireFreeNames(raw: unknown): void {
  const targets = entriesOf(raw, 'target');
  const groups = entriesOf(raw, 'group');
  const names = [
    // The canary of the call is one, unless there is more to it.
    ...targets.filter(([name, target]) => name !== ESCAPE_CANARY || !canary.safeParse(target).success),
    ...groups.filter(([name]) => name === '__proto__'),
  ].map(([name]) => name);
  // `default` is what the call asked for, too.
  const listed = groups.filter(([name]) => name !== 'default').flatMap(([, group]) => listedIn(group));
  const taken = [...names, ...listed.filter((name) => name === ESCAPE_CANARY)].find(
    (name) => reservation(name) !== undefined,
  );
  if (taken === undefined) return;
  throw new WarmbakeError(
    'config',
    'reserved-name',
    `the bake files have a target '${taken}': that ${reservation(taken) ?? ''}`,
    { hint: 'give it another name' },
  );
}

/** As all versions of buildx print it, which differ in how they spell the text. */
const canary = z.strictObject({
  context: z.literal('.').optional(),
  dockerfile: z.literal('Dockerfile').optional(),
  args: z.strictObject({ text: z.string() }),
});

function entriesOf(raw: unknown, key: string): readonly (readonly [string, unknown])[] {
  const value: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, key) : undefined;
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function listedIn(group: unknown): readonly unknown[] {
  const targets: unknown = typeof group === 'object' && group !== null ? Reflect.get(group, 'targets') : [];
  return Array.isArray(targets) ? targets : [];
}
