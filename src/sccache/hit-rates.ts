import * as z from 'zod';
import type { SccacheSummary } from './summary.ts';

/** What stored builds of one target say about sccache. */
export interface TargetRates {
  readonly target: string;
  readonly builds: number;
  /** Builds by the state of their sccache. */
  readonly states: Readonly<Partial<Record<SccacheSummary['state'], number>>>;
  readonly hits: number;
  readonly misses: number;
  /** 0 to 1 over all builds together; absent where nothing was looked up. */
  readonly hitRate?: number;
}

/** The part of a build record that is read here; what `warmbake build --result` writes. */
const record = z.object({
  targets: z.array(
    z.object({
      name: z.string(),
      sccache: z
        .object({
          state: z.enum([
            'measured',
            'not-started',
            'clipped',
            'unreadable',
            'unfinished',
            'not-run',
            'silent',
          ]),
          totals: z.object({ hits: z.number(), misses: z.number() }).optional(),
        })
        .optional(),
    }),
  ),
});

interface Sum {
  builds: number;
  readonly states: Partial<Record<SccacheSummary['state'], number>>;
  hits: number;
  misses: number;
}

/**
 * Adds up build records as they come, by target. Memory depends on the number of targets alone. What is no build record, or
 * tells nothing of sccache, is passed over: records of older versions stay readable.
 */
export async function hitRates(records: AsyncIterable<unknown>): Promise<readonly TargetRates[]> {
  const sums = new Map<string, Sum>();
  for await (const one of records) {
    const parsed = record.safeParse(one);
    for (const { name, sccache } of parsed.data?.targets ?? []) {
      if (sccache === undefined) continue;
      const sum = sums.get(name) ?? { builds: 0, states: {}, hits: 0, misses: 0 };
      sums.set(name, sum);
      sum.builds += 1;
      sum.states[sccache.state] = (sum.states[sccache.state] ?? 0) + 1;
      sum.hits += sccache.totals?.hits ?? 0;
      sum.misses += sccache.totals?.misses ?? 0;
    }
  }
  return [...sums]
    .map(([target, sum]) => ({ target, ...sum, ...rateOf(sum) }))
    .sort((a, b) => (a.target < b.target ? -1 : 1));
}

function rateOf({ hits, misses }: Sum): { readonly hitRate?: number } {
  return hits + misses === 0 ? {} : { hitRate: hits / (hits + misses) };
}
