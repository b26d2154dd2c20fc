import * as z from 'zod';
import type { DocumentOf } from '../../platform/document.ts';
import { cleanedSchema } from '../retention/clean-schema.ts';
import { canarySchema, stackSchema } from '../rollout/stack-schema.ts';
import { holdStateSchema } from './status-schema.ts';

const version = { schemaVersion: z.literal(1), family: z.string() };

const plannedRollback = z.strictObject({
  to: z.string(),
  leaves: z.array(z.string()),
  further: z.string().optional(),
  plan: z.strictObject({
    parameter: z.enum(['changes', 'stays']),
    hold: holdStateSchema,
    stacks: z.array(stackSchema),
    revoke: z.array(z.string()),
  }),
});

const reported = z.strictObject({
  hold: z.enum(['written', 'unchanged']),
  parameter: z.enum(['written', 'unchanged']),
  stacks: z.array(stackSchema),
  revoked: z.array(z.string()),
  instances: z.int(),
  remaining: z.array(
    z.strictObject({
      id: z.string(),
      image: z.string(),
      state: z.string(),
      launchedAt: z.iso.datetime().transform((text) => new Date(text)),
      group: z.string().exactOptional(),
    }),
  ),
});

const drained = z.array(
  z.strictObject({
    id: z.string(),
    outcome: z.enum(['draining', 'gone', 'failed']),
    error: z.strictObject({ code: z.string(), message: z.string() }).exactOptional(),
  }),
);

const done = z.discriminatedUnion('dryRun', [
  plannedRollback.extend({ ...version, dryRun: z.literal(true) }),
  plannedRollback.extend({
    ...version,
    dryRun: z.literal(false),
    ...reported.shape,
    drained: drained.exactOptional(),
  }),
]);

const undone = z.strictObject({
  ...version,
  undo: z.literal(true),
  dryRun: z.boolean(),
  from: z.string(),
  to: z.string(),
  plan: z.strictObject({
    parameter: z.enum(['changes', 'stays']),
    /** What the hold's parameter said before the rollback. */
    hold: z.string().exactOptional(),
    stacks: z.array(stackSchema),
    unrevoke: z.array(z.string()),
  }),
  report: z
    .strictObject({
      parameter: z.enum(['written', 'unchanged']),
      stacks: z.array(stackSchema),
      restored: z.array(z.string()),
      hold: z.enum(['put back', 'released', 'pending']),
    })
    .exactOptional(),
});

/** `ami rollback --json`, and with `--undo`. */
export const rollbackSchema = z.union([done, undone]);

const desired = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('image'), id: z.string() }),
  z.strictObject({ state: z.literal('absent') }),
  z.strictObject({ state: z.literal('unusable'), text: z.string() }),
]);
const outcome = z.enum(['published', 'unchanged', 'planned']);

/** `ami publish --json`. */
export const publishSchema = z.strictObject({
  ...version,
  parameter: z.string(),
  image: z.string(),
  outcome,
  before: desired,
});

const released = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('held'), because: z.string() }),
  z.strictObject({
    outcome: z.enum(['rolled', 'planned']),
    canary: canarySchema.exactOptional(),
    published: z.strictObject({ image: z.string(), outcome, before: desired }),
    stacks: z.array(stackSchema),
    cleaned: cleanedSchema,
  }),
]);

export type UndoDocument = DocumentOf<typeof undone>;
export type PlannedRollbackDocument = DocumentOf<typeof plannedRollback>;
export type RollbackReportDocument = DocumentOf<typeof reported>;
export type ReleaseDocument = DocumentOf<typeof released>;
