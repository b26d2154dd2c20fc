import * as z from 'zod';

const time = z.iso.datetime().transform((text) => new Date(text));

/** One run in the journal of the state store. Readers pass over what newer versions add. */
export const runSchema = z.object({
  id: z.string(),
  command: z.string(),
  by: z.string(),
  url: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  image: z.string().exactOptional(),
  finish: z.string(),
  started: time,
  writes: z.array(z.object({ at: time, what: z.string() })),
  ended: z
    .object({ at: time, outcome: z.enum(['done', 'failed']), error: z.string().exactOptional() })
    .exactOptional(),
});
