import * as z from 'zod';

const time = z.iso.datetime().transform((text) => new Date(text));

/** Who writes. */
export const holderSchema = z.object({
  id: z.string(),
  by: z.string(),
  url: z.string().exactOptional(),
  command: z.string(),
  since: time,
  expires: time,
});

/** The lock in the state store. Readers pass over what newer versions add. */
export const lockSchema = z.discriminatedUnion('state', [
  holderSchema.extend({ state: z.literal('held') }),
  z.object({ state: z.literal('free') }),
]);
