import * as z from 'zod';
import * as field from './fields.ts';
import { TEMPLATE_NAMES } from './template.ts';

const compression = z.enum(['uncompressed', 'gzip', 'estargz', 'zstd']);

/** Repositories of this target alone; each of the three is that of `images` or `cache` where it is left out. */
const ownRepositories = {
  registry: z.string().optional().describe('registry of its own'),
  trusted: z.string().optional().describe('repository of its own that only the trusted build writes'),
  untrusted: z.string().optional().describe('repository of its own that every other build writes'),
};

/**
 * One entry of `targets`. What is left out stays out here: an entry for a member of a group or matrix is laid over the entry of the
 * whole, and only then come the defaults (`normalise.ts`), which stand here for the JSON Schema.
 */
export const target = z.strictObject({
  inherits: z
    .array(field.form(/^[a-zA-Z0-9_-]+$/, 'bake target'))
    .optional()
    .meta({ default: [] })
    .describe("targets of the repository's bake files, in bake's order of inheritance"),
  target: field.word.optional().describe('Dockerfile stage; the inherited one where absent'),
  lane: field.lane
    .optional()
    .meta({ default: '' })
    .describe('variant with other content for the same commit; part of every name'),
  cache: z
    .strictObject({
      ...ownRepositories,
      mode: z
        .enum(['min', 'max'])
        .optional()
        .meta({ default: 'max' })
        .describe('max also keeps the intermediate stages'),
      compression: compression.optional().meta({ default: 'zstd' }).describe('compression of cached layers'),
    })
    .optional()
    .describe('how layers are exported'),
  image: z
    .strictObject({
      ...ownRepositories,
      compression: compression
        .optional()
        .meta({ default: 'gzip' })
        .describe("compression of the image's layers"),
      also: z
        .array(compression)
        .optional()
        .meta({ default: [] })
        .describe('further compressions of the same image, whose tags end in -COMPRESSION'),
      push: z
        .boolean()
        .optional()
        .meta({ default: true })
        .describe('push the image; false builds for the cache only'),
      tags: field.tagTemplates
        .optional()
        .describe("further tags of this target's image, in the place of images.tags"),
    })
    .optional()
    .describe('how the image is written'),
  args: field
    .buildArguments(TEMPLATE_NAMES)
    .optional()
    .meta({ default: {} })
    .describe('build arguments of this target'),
});

/** An entry of `targets` as it is written, without defaults. */
export type WrittenTarget = z.output<typeof target>;
