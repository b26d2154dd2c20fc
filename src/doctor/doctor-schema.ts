import * as z from 'zod';
import type { DocumentOf } from '../platform/document.ts';
import { CHECK_CODES } from './checks.ts';

const checkSchema = z.strictObject({
  /** Stable; several lines can have the same one: one for each repository, registry or family. */
  check: z.enum(CHECK_CODES),
  /** `failed`: something that is planned will not work. `skipped`: it was not looked at, and `text` says why. */
  state: z.enum(['ok', 'warning', 'failed', 'skipped']),
  text: z.string(),
  /** What to do next; of warnings and failures alone. */
  fix: z.string().exactOptional(),
});

/** `doctor --json`. */
export const doctorSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** `failed` where a check is: exit code 1. */
  outcome: z.enum(['ok', 'failed']),
  counts: z.strictObject({
    ok: z.int(),
    warning: z.int(),
    failed: z.int(),
    skipped: z.int(),
  }),
  checks: z.array(checkSchema).readonly(),
});

/** What was found, as its writer gives it; the program adds the version. */
export type DoctorDocument = Omit<DocumentOf<typeof doctorSchema>, 'schemaVersion'>;
