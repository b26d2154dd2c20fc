import * as z from 'zod';
import type { DocumentOf } from '../../platform/document.ts';

const outcome = z.enum(['kept', 'deleted', 'planned', 'failed']);
const because = z.array(z.string());

/** What a cleanup did. */
export const cleanedSchema = z.strictObject({
  images: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      created: z.string(),
      state: z.enum(['candidate', 'published', 'revoked']),
      keep: z.boolean(),
      outcome,
      because,
    }),
  ),
  snapshots: z.array(z.strictObject({ id: z.string(), outcome, because })),
  missing: z.array(z.string()),
});

/** `ami clean --json`. */
export const cleanSchema = cleanedSchema.extend({
  schemaVersion: z.literal(1),
  family: z.string(),
  dryRun: z.boolean(),
});

export type CleanedDocument = DocumentOf<typeof cleanedSchema>;
