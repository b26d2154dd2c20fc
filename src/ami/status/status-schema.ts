import * as z from 'zod';
import type { DocumentOf } from '../../platform/document.ts';
import { runSchema } from '../../state/journal-schema.ts';
import { holderSchema } from '../../state/lock-schema.ts';

const time = z.iso.datetime().transform((text) => new Date(text));

/** A hold beside other things: `state`, and its members where it stands. */
export const holdStateSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('free') }),
  z.strictObject({
    state: z.literal('held'),
    image: z.string().exactOptional(),
    leaves: z.array(z.string()).exactOptional(),
    by: z.string(),
    reason: z.string(),
    since: time,
    until: time.exactOptional(),
    undoes: z.int().exactOptional(),
  }),
  z.strictObject({ state: z.literal('unreadable'), text: z.string() }),
]);

const imageSummary = z.strictObject({
  id: z.string(),
  name: z.string(),
  created: time,
  ageMs: z.number(),
  state: z.enum(['candidate', 'published', 'revoked']),
  availability: z.string(),
  commit: z.string().exactOptional(),
  warmth: z.string().exactOptional(),
  disk: z.string().exactOptional(),
  canary: z.string().exactOptional(),
  revokedBy: z.string().exactOptional(),
  reason: z.string().exactOptional(),
});

const imageSchema = imageSummary.extend({
  snapshots: z.array(z.string()),
  gibibytes: z.number(),
  keep: z.boolean(),
  because: z.array(z.string()),
  condemned: z.strictObject({ since: time, deletableFrom: time }).exactOptional(),
});

const image = imageSummary.exactOptional();
const desired = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('image'), id: z.string(), image }),
  z.strictObject({ state: z.literal('absent'), image }),
  z.strictObject({ state: z.literal('unusable'), text: z.string(), image }),
]);

const stack = z.strictObject({
  name: z.string(),
  template: z.string().exactOptional(),
  group: z.string().exactOptional(),
  activeVersion: z.int().exactOptional(),
  activeImage: z.string().exactOptional(),
  latestVersion: z.int().exactOptional(),
  latestImage: z.string().exactOptional(),
  ageMs: z.number().exactOptional(),
  commit: z.string().exactOptional(),
  inSync: z.boolean(),
});

const instance = z.strictObject({
  id: z.string(),
  image: z.string(),
  state: z.string(),
  stack: z.string().exactOptional(),
  upMs: z.number(),
  work: z.enum(['busy', 'idle', 'unknown']),
});

const drift = z.strictObject({
  kind: z.enum(['parameter', 'stack', 'stack-operation', 'instances']),
  stack: z.string().exactOptional(),
  message: z.string(),
  fix: z.string().exactOptional(),
  alarming: z.boolean(),
});

const lock = z.discriminatedUnion('state', [
  z.strictObject({ state: z.enum(['no-store', 'free']) }),
  z.strictObject({ state: z.literal('unknown'), because: z.string() }),
  z.strictObject({ state: z.enum(['held', 'expired']), holder: holderSchema }),
]);

const familySchema = z.strictObject({
  key: z.string(),
  region: z.string(),
  parameter: z.string(),
  desired,
  hold: holdStateSchema,
  stacks: z.array(stack),
  instances: z.array(instance),
  images: z.array(imageSchema),
  usualDrainMs: z.number().exactOptional(),
  drainLeftMs: z.number().exactOptional(),
  drift: z.array(drift),
  missing: z.array(z.string()),
  lock,
  unfinished: runSchema.extend({ finish: z.string().exactOptional() }).exactOptional(),
});

/** `ami status --json`. */
export const amiStatusSchema = z.strictObject({
  schemaVersion: z.literal(1),
  families: z.array(familySchema),
});

/** A day (UTC) of the images that are still there; `price` where prices are configured. */
const costOfDay = z.strictObject({
  day: z.string(),
  gibibytes: z.number(),
  restoreHours: z.number(),
  buildHours: z.number(),
  price: z
    .strictObject({
      currency: z.string(),
      snapshots: z.number(),
      restore: z.number(),
      builds: z.number(),
      total: z.number(),
    })
    .exactOptional(),
});

/** `ami list --json`. */
export const listSchema = z.strictObject({
  schemaVersion: z.literal(1),
  family: z.string(),
  images: z.array(imageSchema),
  missing: z.array(z.string()),
  cost: z.array(costOfDay),
});

export type FamilyStatusDocument = DocumentOf<typeof familySchema>;
export type HoldStateDocument = DocumentOf<typeof holdStateSchema>;
export type ListDocument = Omit<DocumentOf<typeof listSchema>, 'schemaVersion'>;
