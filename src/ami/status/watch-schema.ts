import * as z from 'zod';
import type { DocumentOf } from '../../platform/document.ts';

const count = z.strictObject({
  instances: z.int(),
  busy: z.int().exactOptional(),
  oldestMs: z.number(),
});
const time = z.iso.datetime().transform((text) => new Date(text));

/** One line of `ami watch --json`; the last one has `done: true`, or is an error. */
export const watchSchema = z.strictObject({
  schemaVersion: z.literal(1),
  family: z.string(),
  at: time,
  image: z.string(),
  instances: z.int(),
  old: count,
  images: z.array(count.extend({ image: z.string(), stacks: z.int() })),
  behind: z.array(z.string()),
  unread: z.array(z.string()),
  expected: time.exactOptional(),
  expectedBy: z.enum(['pace', 'usual-drain']).exactOptional(),
  done: z.boolean(),
});

export type WatchDocument = DocumentOf<typeof watchSchema>;
