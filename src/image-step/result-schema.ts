import * as z from 'zod';
import { FAILURE_CLASSES, type FailureClass } from '../bake/failure-classes.ts';
import type { DocumentOf } from '../platform/document.ts';
import {
  builderSchema,
  contextSchema,
  errorSchema,
  importSchema,
  plannedTargetSchema,
  skipSchema,
  switchesSchema,
  codedWarningSchema,
  usedConfigurationSchema,
} from './plan-schema.ts';
import { sccacheSchema } from '../sccache/summary-schema.ts';

const verified = z.array(z.strictObject({ ref: z.string(), digest: z.string() }));
const seconds = z.number();
const count = z.int();

/** What the progress stream told of one bake. */
const streamSchema = z.strictObject({
  totals: z.strictObject({
    steps: count,
    executed: count,
    loaded: count,
    pruned: count,
    failed: count,
    aborted: count,
    notRun: count,
    secondsExecuting: seconds,
    bytesPulled: z.number(),
    importSeconds: seconds,
    exportSeconds: seconds,
  }),
  imports: z.array(
    z.strictObject({
      ref: z.string(),
      state: z.enum(['found', 'missing', 'denied', 'throttled', 'failed', 'oversized']),
      seconds,
      error: z.string().exactOptional(),
    }),
  ),
  exports: z.array(
    z.strictObject({
      state: z.enum(['written', 'failed', 'aborted']),
      manifest: z.string().exactOptional(),
      seconds,
      error: z.string().exactOptional(),
    }),
  ),
  images: verified,
  steps: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      verdict: z.enum(['executed', 'loaded', 'pruned', 'failed', 'aborted', 'not-run']),
      seconds,
      bytesPulled: z.number(),
      layersPulled: z.array(z.string()),
      error: z.string().exactOptional(),
      logClipped: z.boolean(),
    }),
  ),
  checks: z.array(z.string()),
});

/** What one cache gave to a bake. */
const donorSchema = z.strictObject({
  donor: z.string(),
  layers: z.array(z.string()),
  bytes: z.number(),
  steps: z.array(z.string()),
  failures: z.array(z.strictObject({ digest: z.string(), because: z.string() })),
});

const failureClass = z.enum(Object.keys(FAILURE_CLASSES) as [FailureClass, ...FailureClass[]]);

const targetSchema = z.strictObject({
  name: z.string(),
  outcome: z.enum(['built', 'skipped', 'failed', 'canceled', 'not-started']),
  decision: skipSchema,
  seconds,
  verified,
  exported: verified,
  promoted: z.array(
    z.strictObject({
      ref: z.string(),
      action: z.enum(['move', 'stay', 'none', 'failed']),
      because: z.string(),
    }),
  ),
  record: streamSchema.exactOptional(),
  donors: z.array(donorSchema).exactOptional(),
  sccache: sccacheSchema.exactOptional(),
  bakeExitCode: z.int().exactOptional(),
  failures: z.array(
    z.strictObject({
      class: failureClass,
      importing: z.boolean(),
      target: z.string().exactOptional(),
      message: z.string(),
      hint: z.string().exactOptional(),
      step: z.strictObject({ name: z.string(), log: z.array(z.string()) }).exactOptional(),
    }),
  ),
});

/** What `build` did. */
const finishedSchema = z.strictObject({
  schemaVersion: z.literal(1),
  outcome: z.enum(['built', 'skipped', 'failed']),
  seconds,
  switches: switchesSchema,
  configuration: usedConfigurationSchema.exactOptional(),
  context: contextSchema,
  builder: builderSchema,
  import: importSchema,
  planned: z.array(plannedTargetSchema),
  targets: z.array(targetSchema),
  warnings: z.array(codedWarningSchema),
  error: errorSchema.exactOptional(),
});

/** What is written where the build could not even begin. */
const notStartedSchema = z.strictObject({
  schemaVersion: z.literal(1),
  outcome: z.literal('failed'),
  error: errorSchema,
});

/** `build --result FILE` and `build --json`. */
export const resultSchema = z.union([finishedSchema, notStartedSchema]);

/** The build record in the state store: the result of a build that began. */
export const recordSchema = finishedSchema;

/** What a build that began leaves. */
export type FinishedDocument = DocumentOf<typeof finishedSchema>;

/** A result as its writer gives it; the command adds version and error. */
export type ResultDocument = Omit<FinishedDocument, 'schemaVersion' | 'error'>;
