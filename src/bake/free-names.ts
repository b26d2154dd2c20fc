import * as z from 'zod';
import { ESCAPE_CANARY, VARIABLE_CANARY, reservation } from '../config/reserved-names.ts';
import { WarmbakeError } from '../platform/errors.ts';

/**
 * Throws `config` where a printed document, just parsed, has a target or group of the bake files by a name that is not theirs to give: it
 * would be gone, or be another, without a word.
 */
export function requireFreeNames(raw: unknown): void {
  const targets = entriesOf(raw, 'target');
  const groups = entriesOf(raw, 'group');
  const names = [
    // The canaries of the call are theirs, unless there is more to them.
    ...targets.filter(([name, target]) => CANARIES.get(name)?.safeParse(target).success !== true),
    ...groups.filter(([name]) => name === '__proto__'),
  ].map(([name]) => name);
  // `default` is what the call asked for, too.
  const listed = groups.filter(([name]) => name !== 'default').flatMap(([, group]) => listedIn(group));
  const taken = [...names, ...listed.filter((name) => CANARIES.has(name))].find(
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

/** As all versions of buildx print a target that has arguments and nothing else. */
function bare(args: z.ZodType) {
  return z.strictObject({
    context: z.literal('.').optional(),
    dockerfile: z.literal('Dockerfile').optional(),
    args,
  });
}

/** Versions differ in how they spell the text. */
const CANARIES = new Map<string, z.ZodType>([
  [ESCAPE_CANARY, bare(z.strictObject({ text: z.string() }))],
  [VARIABLE_CANARY, bare(z.record(z.string(), z.string()))],
]);

function entriesOf(raw: unknown, key: string): readonly (readonly [string, unknown])[] {
  const value: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, key) : undefined;
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function listedIn(group: unknown): readonly string[] {
  const targets: unknown = typeof group === 'object' && group !== null ? Reflect.get(group, 'targets') : [];
  return Array.isArray(targets) ? targets.filter((one) => typeof one === 'string') : [];
}
