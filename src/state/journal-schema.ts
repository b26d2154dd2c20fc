import * as z from 'zod';

/** What a run can be about: a word of this tool, never a command of somebody else. */
export const RUN_JOBS = ['rebuild', 'canary', 'publish', 'roll', 'clean', 'rollback', 'undo'] as const;

const time = z.iso.datetime().transform((text) => new Date(text));

/** One run in the journal of the state store. Readers pass over what newer versions add. */
export const runSchema = z.object({
  id: z.string(),
  job: z.enum(RUN_JOBS),
  command: z.string(),
  by: z.string(),
  url: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  image: z.string().exactOptional(),
  stacks: z.array(z.string()).exactOptional(),
  started: time,
  writes: z.array(z.object({ at: time, what: z.string() })),
  ended: z
    .object({ at: time, outcome: z.enum(['done', 'failed']), error: z.string().exactOptional() })
    .exactOptional(),
});
