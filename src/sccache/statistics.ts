import * as z from 'zod';
import { jsonOrUndefined } from '../platform/json.ts';

/** What a Dockerfile prints before sccache's JSON; see {@link STATISTICS_LINE}. */
export const MARKER = 'warmbake-sccache';

/**
 * The last part of a RUN step that compiles with sccache. `printf` because `echo` of some shells changes backslashes;
 * the step does not fail where sccache does. The server lives as long as its step, so the numbers are the step's own.
 */
export const STATISTICS_LINE = `printf '${MARKER} %s\\n' "$(sccache --show-stats --stats-format=json)"`;

/** Numbers by language, as sccache calls it: `C/C++`, `CUDA`, `Rust`. */
export type ByLanguage = Readonly<Record<string, number>>;

/** What one sccache server counted. */
export interface Statistics {
  /** Each `s3, name: BUCKET, prefix: /PREFIX/`, `Local disk: "PATH"` or the like; several where levels are chained. */
  readonly locations: readonly string[];
  readonly version: string;
  /** Calls of the compiler, also those that cannot be cached. */
  readonly requests: number;
  readonly hits: ByLanguage;
  readonly misses: ByLanguage;
  /** Compilations that sccache gave up on. */
  readonly errors: ByLanguage;
  readonly notCacheable: number;
  readonly timeouts: number;
  readonly readErrors: number;
  /** With read-only credentials, all writes. */
  readonly writeErrors: number;
  readonly compileFailures: number;
  /** Sums over all compilations, which run side by side. */
  readonly seconds: { readonly reading: number; readonly writing: number; readonly compiling: number };
}

/** Statistics, or why the text is none. */
export type ParsedStatistics =
  | { readonly ok: true; readonly statistics: Statistics }
  | { readonly ok: false; readonly because: string };

const count = z.int().min(0);
const optional = count.default(0);
const byLanguage = z.object({ counts: z.record(z.string(), count) });
const duration = z.object({ secs: count, nanos: count }).default({ secs: 0, nanos: 0 });

/** `sccache --show-stats --stats-format=json` of 0.10 to 0.17 (`ServerInfo` in its src/server.rs), as far as it is read. */
const shape = z.object({
  stats: z.object({
    compile_requests: count,
    cache_hits: byLanguage,
    cache_misses: byLanguage,
    cache_errors: byLanguage.default({ counts: {} }),
    requests_not_cacheable: optional,
    cache_timeouts: optional,
    cache_read_errors: optional,
    cache_write_errors: optional,
    compile_fails: optional,
    cache_read_hit_duration: duration,
    cache_write_duration: duration,
    compiler_write_duration: duration,
    // SCCACHE_MULTILEVEL_CHAIN; absent in 0.10, null without one.
    multi_level: z.array(z.object({ location: z.string() })).nullish(),
  }),
  cache_location: z.string(),
  version: z.string().default(''),
});

/** Reads what stands behind the marker. */
export function parseStatistics(text: string): ParsedStatistics {
  if (text.trim() === '') return { ok: false, because: 'sccache printed nothing' };
  const parsed = shape.safeParse(jsonOrUndefined(text));
  if (parsed.success) return { ok: true, statistics: toStatistics(parsed.data) };
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? undefined : issue.path.join('.');
  return {
    ok: false,
    because:
      where === undefined ? 'no JSON, or cut off' : `'${where}' is not what sccache 0.10 to 0.17 prints`,
  };
}

function toStatistics({ stats, cache_location, version }: z.output<typeof shape>): Statistics {
  return {
    locations: stats.multi_level?.map(({ location }) => location) ?? [cache_location],
    version,
    requests: stats.compile_requests,
    hits: stats.cache_hits.counts,
    misses: stats.cache_misses.counts,
    errors: stats.cache_errors.counts,
    notCacheable: stats.requests_not_cacheable,
    timeouts: stats.cache_timeouts,
    readErrors: stats.cache_read_errors,
    writeErrors: stats.cache_write_errors,
    compileFailures: stats.compile_fails,
    seconds: {
      reading: seconds(stats.cache_read_hit_duration),
      writing: seconds(stats.cache_write_duration),
      compiling: seconds(stats.compiler_write_duration),
    },
  };
}

function seconds({ secs, nanos }: { readonly secs: number; readonly nanos: number }): number {
  return secs + Math.round(nanos / 1e6) / 1e3;
}
