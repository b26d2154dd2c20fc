import * as z from 'zod';
import type { DocumentOf } from '../../platform/document.ts';

const outcome = z.enum(['kept', 'deleted', 'planned', 'failed']);
const imageOutcome = z.enum([...outcome.options, 'condemned']);
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
      outcome: imageOutcome,
      /** What is planned: to mark it, or to delete it. */
      plan: z.enum(['condemn', 'delete']).exactOptional(),
      /** Of one that is marked: from when on a cleanup may delete it. */
      deletableFrom: z.string().exactOptional(),
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
