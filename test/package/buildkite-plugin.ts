import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { PROJECT } from '../../parts/project.ts';

/** "Valid plugin.yml properties" of Buildkite's page "Writing plugins"; no package carries a schema of it. */
const plugin = z.strictObject({
  name: z.string(),
  description: z.string(),
  author: z.string(),
  requirements: z.array(z.string()),
  /** JSON Schema of the parameters. */
  configuration: z.strictObject({
    properties: z.record(z.string(), z.record(z.string(), z.unknown())),
    required: z.array(z.string()),
    additionalProperties: z.literal(false),
  }),
});

/** The plugin's own description. */
export async function readPlugin(): Promise<z.infer<typeof plugin>> {
  return plugin.parse(
    parse(await readFile(path.join(PROJECT, 'package/buildkite-plugin/plugin.yml'), 'utf8')),
  );
}

/** What takes parameters as an agent with plugin validation does. */
export async function pluginSchema(): Promise<z.ZodType> {
  const { configuration } = await readPlugin();
  return z.fromJSONSchema({ type: 'object', ...configuration });
}
