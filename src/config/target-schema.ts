import * as z from 'zod';
import * as field from './fields.ts';
import { TEMPLATE_NAMES } from './template.ts';

const compression = z.enum(['uncompressed', 'gzip', 'estargz', 'zstd']);

/** One target of the overlay. */
export const target = z.strictObject({
  inherits: z
    .array(field.form(/^[a-zA-Z0-9_-]+$/, 'bake target'))
    .default([])
    .describe("targets of the repository's bake files, in bake's order of inheritance"),
  target: field.word.optional().describe('Dockerfile stage; the inherited one where absent'),
  lane: field.lane.default('').describe('variant with other content for the same commit; part of every name'),
  cache: z
    .strictObject({
      mode: z.enum(['min', 'max']).default('max').describe('max also keeps the intermediate stages'),
      compression: compression.default('zstd').describe('compression of cached layers'),
    })
    .prefault({})
    .describe('how layers are exported'),
  image: z
    .strictObject({
      compression: compression.default('gzip').describe("compression of the image's layers"),
      push: z.boolean().default(true).describe('push the image; false builds for the cache only'),
    })
    .prefault({})
    .describe('how the image is written'),
  args: field.buildArguments(TEMPLATE_NAMES).default({}).describe('build arguments of this target'),
});
