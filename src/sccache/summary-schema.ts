import * as z from 'zod';

const byLanguage = z.record(z.string(), z.number());
const seconds = z.strictObject({ reading: z.number(), writing: z.number(), compiling: z.number() });
const startFailure = z.strictObject({ cause: z.string(), said: z.string() });

const statistics = z.strictObject({
  locations: z.array(z.string()),
  version: z.string(),
  requests: z.number(),
  hits: byLanguage,
  misses: byLanguage,
  errors: byLanguage,
  notCacheable: z.number(),
  timeouts: z.number(),
  readErrors: z.number(),
  writeErrors: z.number(),
  compileFailures: z.number(),
  seconds,
});

const finding = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('measured'), statistics, startFailure: startFailure.exactOptional() }),
  z.strictObject({ state: z.literal('not-started'), startFailure }),
  z.strictObject({ state: z.enum(['not-run', 'clipped', 'unfinished']) }),
  z.strictObject({ state: z.literal('unreadable'), because: z.string() }),
]);

/** The part of the build record about sccache. */
export const sccacheSchema = z.strictObject({
  state: z.enum(['measured', 'not-started', 'clipped', 'unreadable', 'unfinished', 'not-run', 'silent']),
  steps: z.array(z.strictObject({ id: z.string(), name: z.string(), finding })),
  totals: z
    .strictObject({
      hits: z.number(),
      misses: z.number(),
      hitRate: z.number().exactOptional(),
      missesByLanguage: byLanguage,
      errors: z.number(),
      timeouts: z.number(),
      readErrors: z.number(),
      writeErrors: z.number(),
      seconds,
      locations: z.array(z.string()),
    })
    .exactOptional(),
});
