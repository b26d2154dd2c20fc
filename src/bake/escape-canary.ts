import * as z from 'zod';
import { ESCAPE_CANARY } from '../config/reserved-names.ts';
import { requireFreeNames } from './free-names.ts';

/**
 * A bake file (JSON) that tells how this buildx prints: since 0.23 it escapes what would start a template, so that its output can be
 * read back; older ones print the text as it is. A target more costs nothing, `buildx version` would be one more process.
 */
export const ESCAPE_CANARY_FILE = JSON.stringify({
  target: { [ESCAPE_CANARY]: { args: { text: '$${x}' } } },
});

/** How a buildx prints definitions. */
export interface PrintHabits {
  /** Texts in arguments, labels and annotations come spelled as a bake file needs them. */
  readonly printsEscaped: boolean;
}

const canary = z.looseObject({ args: z.object({ text: z.string() }) });
const printed = z.looseObject({
  group: z.record(z.string(), z.looseObject({ targets: z.array(z.string()) })).optional(),
  target: z.record(z.string(), z.unknown()),
});

/** Takes the canary out of a printed document and says what it told. Throws where it is not in it, and `config` for names that are taken. */
export function takeCanary(raw: unknown): { readonly raw: unknown; readonly habits: PrintHabits } {
  requireFreeNames(raw);
  const { group, target, ...rest } = printed.parse(raw);
  const { [ESCAPE_CANARY]: bird, ...targets } = target;
  const { args } = canary.parse(bird);
  const groups = Object.entries(group ?? {}).map(
    ([name, { targets: members, ...more }]) =>
      [name, { targets: members.filter((m) => m !== ESCAPE_CANARY), ...more }] as const,
  );
  return {
    raw: { ...(group === undefined ? {} : { group: Object.fromEntries(groups) }), target: targets, ...rest },
    habits: {
      printsEscaped: args.text.startsWith('$$'),
    },
  };
}
