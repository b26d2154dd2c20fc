import * as z from 'zod';
import type { DocumentOf } from '../platform/document.ts';

/** A warning: a stable code and a message for people. */
export const codedWarningSchema = z.strictObject({ code: z.string(), message: z.string() });

/** An error as documents tell it. */
export const errorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  exitCode: z.int(),
  hint: z.string().exactOptional(),
});

const position = z.enum(['on', 'off']);
export const switchesSchema = z.strictObject({
  cacheImport: position,
  cacheExport: position,
  sccache: position,
  builder: z.string().exactOptional(),
  version: z.string().exactOptional(),
  bypass: z.boolean(),
});

/** Where the settings come from; `changed` are settings of the checkout's file that are not used. */
export const usedConfigurationSchema = z.strictObject({
  from: z.enum(['checkout', 'outside', 'digest', 'merge-base', 'tip']),
  file: z.string(),
  digest: z.string(),
  branch: z.string().exactOptional(),
  commit: z.string().exactOptional(),
  changed: z.array(z.string()).readonly().exactOptional(),
});

const buildOfCi = z.strictObject({
  number: z.string(),
  id: z.string(),
  url: z.string().exactOptional(),
  jobId: z.string().exactOptional(),
  stepKey: z.string().exactOptional(),
  label: z.string().exactOptional(),
});

const anyContext = z.strictObject({
  trusted: z.boolean(),
  because: z.string(),
  repository: z.string().exactOptional(),
  commit: z.string().exactOptional(),
  parent: z.string().exactOptional(),
  mergeBase: z.string().exactOptional(),
  previous: z.array(z.string()).readonly().exactOptional(),
  basePrevious: z.array(z.string()).readonly().exactOptional(),
  build: buildOfCi.exactOptional(),
});

/** What the build is: its origin, trust and commits on one level. */
export const contextSchema = z.discriminatedUnion('kind', [
  anyContext.extend({ kind: z.enum(['main', 'branch']), branch: z.string() }),
  anyContext.extend({
    kind: z.literal('pull-request'),
    number: z.int(),
    branch: z.string(),
    base: z.string(),
  }),
  anyContext.extend({ kind: z.literal('merge-queue'), branch: z.string(), base: z.string() }),
  anyContext.extend({ kind: z.literal('tag'), tag: z.string() }),
  anyContext.extend({ kind: z.literal('local'), branch: z.string().exactOptional() }),
]);

const sourceSchema = z.strictObject({
  role: z.string(),
  ref: z.string(),
  state: z.enum([
    'found',
    'missing',
    'denied',
    'throttled',
    'failed',
    'oversized',
    'duplicate',
    'surplus',
    'unprobed',
  ]),
  because: z.string().exactOptional(),
  digest: z.string().exactOptional(),
  revision: z.string().exactOptional(),
});

/** The refs of one target. */
export const targetRefsSchema = z.strictObject({
  name: z.string(),
  lane: z.string(),
  tags: z.array(z.string()),
  cacheFrom: z.array(sourceSchema),
  cacheTo: z.array(z.strictObject({ ref: z.string(), attributes: z.string() })),
  promote: z.array(
    z.strictObject({
      what: z.enum(['cache', 'image']),
      from: z.string(),
      to: z.string(),
      forwardOnly: z.boolean(),
      /** The name belongs to one build or release, and is never given to an image of another commit. */
      writtenOnce: z.literal(true).exactOptional(),
    }),
  ),
  /** Further tags of the configuration that this build does not write. */
  unwritten: z
    .array(z.strictObject({ template: z.string(), because: z.string() }))
    .readonly()
    .exactOptional(),
});

export const skipSchema = z.strictObject({
  decision: z.enum(['build', 'skip', 'repair']),
  because: z.string(),
});

/** One target of a plan. */
export const plannedTargetSchema = targetRefsSchema.extend({
  skip: skipSchema,
  /** Names in the engine of this machine, of a build that leaves its images there. */
  load: z.array(z.string()).readonly().exactOptional(),
  /** What the target's bake files say about results, and the build does not do. */
  replaced: z
    .strictObject({
      tags: z.array(z.string()).readonly(),
      output: z.array(z.string()).readonly(),
      cacheTo: z.array(z.string()).readonly(),
    })
    .exactOptional(),
});

export const builderSchema = z.strictObject({
  action: z.enum(['use', 'create', 'missing']),
  name: z.string(),
  driver: z.string(),
  endpoint: z.string().exactOptional(),
  image: z.string().exactOptional(),
  because: z.string(),
});

/** Where layers come from. */
export const importSchema = z.discriminatedUnion('way', [
  z.strictObject({ way: z.enum(['single', 'none']), because: z.string() }),
  z.strictObject({
    way: z.enum(['gateway', 'registry']),
    because: z.string(),
    /** What is tried where it turns out not to work, the first included. */
    order: z.array(z.enum(['gateway', 'registry', 'single'])),
    donors: z.array(z.string()),
    leftOut: z.array(z.strictObject({ id: z.string(), because: z.string() })),
    records: z.int(),
  }),
]);

/** `plan --json`. */
export const planSchema = z.strictObject({
  schemaVersion: z.literal(1),
  switches: switchesSchema,
  configuration: usedConfigurationSchema.exactOptional(),
  context: contextSchema,
  targets: z.array(plannedTargetSchema),
  builder: builderSchema,
  import: importSchema,
  /** What is baked, as a bake file: buildx's own document. */
  definition: z.unknown(),
  warnings: z.array(codedWarningSchema),
});

/** `build --explain-context --json`: the part of a plan that needs nobody's answer. */
export const explanationSchema = z.strictObject({
  schemaVersion: z.literal(1),
  switches: switchesSchema,
  configuration: usedConfigurationSchema.exactOptional(),
  context: contextSchema,
  targets: z.array(targetRefsSchema),
});

/** A plan as its writer gives it; the program adds the version. */
export type PlanDocument = Omit<DocumentOf<typeof planSchema>, 'schemaVersion'>;
export type ExplanationDocument = Omit<DocumentOf<typeof explanationSchema>, 'schemaVersion'>;
export type ImportDocument = DocumentOf<typeof importSchema>;
export type ContextDocument = DocumentOf<typeof contextSchema>;
export type TargetRefsDocument = DocumentOf<typeof targetRefsSchema>;
export type PlannedTargetDocument = DocumentOf<typeof plannedTargetSchema>;
