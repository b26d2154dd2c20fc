import * as z from 'zod';

/**
 * Of Buildkite's pipelines what we show, and no other key. No npm package carries a schema of them; these are the words of
 * `definitions/commandStep` in github.com/buildkite/pipeline-schema (`schema.json`), and of the page "Command step".
 */
export const buildkitePipeline = z.strictObject({
  steps: z.array(
    z.strictObject({
      label: z.string(),
      /** Must not look like a UUID. */
      key: z.string().regex(/^[a-z0-9-]{1,35}$/),
      if: z.string().optional(),
      agents: z.strictObject({ queue: z.string() }),
      timeout_in_minutes: z.int().positive(),
      plugins: z.tuple([z.record(z.string(), z.unknown())]),
    }),
  ),
});
