import type { BakeEntry, TargetDefinition } from '../bake/definition.ts';

/** What a target's bake files say about results, and a build does not do: names and places are the plan's. */
export interface Replaced {
  readonly tags: readonly string[];
  /** Entries of `output`, as bake words them. */
  readonly output: readonly string[];
  readonly cacheTo: readonly string[];
}

/**
 * Of an entry what says where it leads. Others are left out: some hold credentials (`secret_access_key` of an S3 cache), and which ones do
 * is the exporter's to say.
 */
const SHOWN = ['type', 'ref', 'name', 'dest', 'scope', 'bucket'];

/** What a target loses; `undefined` where that is nothing. `cacheonly` asks for no result; an image that is `loaded` keeps its tags. */
export function replacedOf(
  brought: TargetDefinition | undefined,
  { loaded = false } = {},
): Replaced | undefined {
  if (brought === undefined) return undefined;
  const replaced: Replaced = {
    tags: loaded ? [] : brought.tags.filter((tag) => tag !== ''),
    output: brought.output
      .filter(({ type }) => type !== 'cacheonly' && !(loaded && type === 'docker'))
      .map(entryPlace),
    cacheTo: brought.cacheTo.map(entryPlace),
  };
  return Object.values(replaced).every((all: readonly string[]) => all.length === 0) ? undefined : replaced;
}

/** One line for people. */
export function replacedText({ tags, output, cacheTo }: Replaced): string {
  const parts = [
    ['tags', tags],
    ['output', output],
    ['cache-to', cacheTo],
  ] as const;
  return parts
    .filter(([, all]) => all.length > 0)
    .map(([what, all]) => `${what} ${all.join(' ')}`)
    .join('; ');
}

function entryPlace(entry: BakeEntry): string {
  const known = SHOWN.flatMap((key) => (entry[key] === undefined ? [] : [`${key}=${entry[key]}`]));
  return known.join(',');
}
