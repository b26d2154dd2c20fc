import * as z from 'zod';
import { parseImageId } from './ids.ts';

/** Something else than an id makes the hold unreadable: what is held cannot be told then. */
const imageId = z.string().transform((text, context) => {
  const id = parseImageId(text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'is no image id' });
  return z.NEVER;
});

const time = z.iso.datetime().transform((text) => new Date(text));

/** The value of the hold's parameter. Readers pass over what newer versions add. */
export const holdSchema = z.discriminatedUnion('held', [
  z.object({
    held: z.literal(true),
    image: imageId.optional(),
    leaves: z
      .array(z.string())
      .transform((texts) => texts.flatMap((text) => parseImageId(text) ?? []))
      .optional(),
    by: z.string(),
    reason: z.string(),
    since: time,
    until: time.optional(),
    /** Of an undo at work: the version of this parameter with the rollback that it takes back. */
    undoes: z.int().optional(),
  }),
  /** Who ended it, and when, for those who read the parameter's history. */
  z.object({ held: z.literal(false), by: z.string().optional(), at: time.optional() }),
]);
