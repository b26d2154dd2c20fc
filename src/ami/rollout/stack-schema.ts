import * as z from 'zod';
import type { DocumentOf } from '../../platform/document.ts';

const used = z.strictObject({ version: z.int(), image: z.string() });
const error = z.strictObject({ code: z.string(), message: z.string() });

/** How it went with one stack. */
export const stackSchema = z.discriminatedUnion('outcome', [
  z.strictObject({
    name: z.string(),
    outcome: z.enum(['unchanged', 'updated', 'planned']),
    group: z.string(),
    template: z.string(),
    from: used,
    /** Without a version number where one would be made. */
    to: z.strictObject({ version: z.int().exactOptional(), image: z.string().exactOptional() }),
  }),
  z.strictObject({ name: z.string(), outcome: z.literal('failed'), error }),
]);

/** What a canary showed. */
export const canarySchema = z.discriminatedUnion('verdict', [
  z.strictObject({
    stack: stackSchema,
    verdict: z.literal('proven'),
    because: z.string(),
    /** Seconds, where a job on an instance has measured them. */
    measured: z
      .strictObject({
        firstBuild: z.number(),
        readable: z.number().exactOptional(),
        unreadAfter: z.number().exactOptional(),
      })
      .exactOptional(),
  }),
  z.strictObject({
    stack: stackSchema,
    verdict: z.enum(['image-fault', 'no-capacity', 'undecided']),
    because: z.string(),
  }),
  z.strictObject({ stack: stackSchema, verdict: z.enum(['nothing-launched', 'not-watched']) }),
]);

/** `ami roll --json`. */
export const rollSchema = z.strictObject({
  schemaVersion: z.literal(1),
  family: z.string(),
  image: z.string(),
  dryRun: z.boolean(),
  stacks: z.array(stackSchema),
});

export type StackDocument = DocumentOf<typeof stackSchema>;
export type CanaryDocument = DocumentOf<typeof canarySchema>;
