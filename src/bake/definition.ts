import * as z from 'zod';
import { WarmbakeError } from '../platform/errors.ts';
import { type PrintHabits, takeCanary } from './escape-canary.ts';
import { csvFields } from './csv.ts';

/** One entry of `cache-from`, `cache-to`, `output`, `secret` or `ssh` as attributes: `{type: 'registry', ref: …}`. */
export type BakeEntry = Readonly<Record<string, string>>;

/** A target as bake resolves it; only the keys that are read here, `undefined` where bake left them out. */
export interface TargetDefinition {
  readonly context: string;
  readonly dockerfile: string;
  readonly contexts: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: readonly string[];
  readonly tags: readonly string[];
  readonly platforms: readonly string[];
  readonly cacheFrom: readonly BakeEntry[];
  readonly cacheTo: readonly BakeEntry[];
  readonly output: readonly BakeEntry[];
  readonly secret: readonly BakeEntry[];
  readonly ssh: readonly BakeEntry[];
  /** What is done instead of a build, as `check` and `outline`. */
  readonly call?: string | undefined;
}

/** Targets by name. */
export type Targets = ReadonlyMap<string, TargetDefinition>;

/** What `docker buildx bake --print` says. */
export interface Definition {
  readonly targets: Targets;
  /** The whole document as bake printed it. */
  readonly raw: unknown;
  /** How to read `raw` as a bake file. */
  readonly habits: PrintHabits;
}

/** buildx prints entries as objects since 0.19 and as CSV text before. */
const entries = z
  .array(z.union([z.string().transform(parseEntry), z.record(z.string(), z.unknown().transform(String))]))
  .default([]);

const texts = z.array(z.string()).default([]);
/** A `null` value means "take it from the environment of the build". */
const pairs = z
  .record(z.string(), z.string().nullable())
  .default({})
  .transform((all) => Object.fromEntries(Object.entries(all).map(([k, v]) => [k, v ?? ''])));

const printed = z.object({
  target: z.record(
    z.string(),
    z
      .object({
        context: z.string().default('.'),
        dockerfile: z.string().default('Dockerfile'),
        contexts: pairs,
        args: pairs,
        labels: pairs,
        annotations: texts,
        tags: texts,
        platforms: texts,
        'cache-from': entries,
        'cache-to': entries,
        output: entries,
        secret: entries,
        ssh: entries,
        call: z.string().optional(),
      })
      .transform(({ 'cache-from': cacheFrom, 'cache-to': cacheTo, ...rest }) => ({
        ...rest,
        cacheFrom,
        cacheTo,
      })),
  ),
});

/**
 * Parses the output of `bake --print` of any supported buildx with {@link ESCAPE_CANARY_FILE} among its files; throws `outside` where it
 * is no such document.
 */
export function parseDefinition(text: string): Definition {
  try {
    const { raw, habits } = takeCanary(JSON.parse(text));
    return { targets: targetsOf(raw), raw, habits };
  } catch (cause) {
    if (cause instanceof WarmbakeError) throw cause;
    throw new WarmbakeError(
      'outside',
      'bad-bake-print',
      'docker buildx bake --print gave no readable definition',
      {
        cause,
        hint: 'supported are buildx 0.13 and later',
      },
    );
  }
}

/** The targets of a printed document, or of a bake file in JSON. Throws where it is neither. */
export function targetsOf(raw: unknown): Targets {
  return new Map(Object.entries(printed.parse(raw).target));
}

/**
 * Parses one CSV entry, `type=registry,ref=a/b:c`. A field may be quoted as CSV has it (`"dest=a,b"`), a
 * key may have any case and blanks around it, and an entry without `=` is a bare reference, as bake allows for
 * `cache-from` (github.com/docker/buildx, util/buildflags). Throws where it is not CSV.
 */
export function parseEntry(text: string): BakeEntry {
  const pairsOf = csvFields(text).map((field) => {
    const equals = field.indexOf('=');
    if (equals < 0) return ['', field] as const;
    return [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1)] as const;
  });
  const [only] = pairsOf;
  if (pairsOf.length === 1 && only?.[0] === '') return { type: 'registry', ref: only[1] };
  return Object.fromEntries(pairsOf);
}

/** One canonical text for an entry, for comparison and messages: attributes in alphabetical order. */
export function entryText(entry: BakeEntry): string {
  const rest = Object.entries(entry)
    .filter(([key]) => key !== 'type')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return [['type', entry['type'] ?? ''], ...rest].map(([key, value]) => `${key}=${value}`).join(',');
}
