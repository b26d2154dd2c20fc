import * as z from 'zod';
import type { DocumentOf } from '../../platform/document.ts';

/** `ami history --json`: all that was done, newest first. */
export const historySchema = z.strictObject({
  schemaVersion: z.literal(1),
  family: z.string(),
  entries: z.array(
    z.strictObject({
      at: z.iso.datetime().transform((text) => new Date(text)),
      what: z.string(),
      by: z.string(),
      why: z.string().exactOptional(),
      source: z.enum(['parameter', 'hold', 'revocations', 'tag', 'version', 'journal']),
    }),
  ),
});

export type HistoryDocument = Omit<DocumentOf<typeof historySchema>, 'schemaVersion'>;
