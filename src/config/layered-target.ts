import type { TargetSettings } from './settings.ts';
import type { WrittenTarget } from './target-schema.ts';

/**
 * The settings of one target from the entries that speak of it, the most specific first: each field is the first entry's that has it
 * (of `args` each argument), and the default where none has.
 */
export function layeredTarget(name: string, entries: readonly WrittenTarget[]): TargetSettings {
  const first = <T>(read: (entry: WrittenTarget) => T | undefined): T | undefined =>
    entries.map(read).find((value) => value !== undefined);
  const stage = first((entry) => entry.target);
  return {
    name,
    inherits: first((entry) => entry.inherits) ?? [],
    ...(stage === undefined ? {} : { stage }),
    lane: first((entry) => entry.lane) ?? '',
    cache: {
      mode: first((entry) => entry.cache?.mode) ?? 'max',
      compression: first((entry) => entry.cache?.compression) ?? 'zstd',
    },
    image: {
      compression: first((entry) => entry.image?.compression) ?? 'gzip',
      push: first((entry) => entry.image?.push) ?? true,
    },
    args: Object.fromEntries(entries.toReversed().flatMap(({ args = {} }) => Object.entries(args))),
  };
}
