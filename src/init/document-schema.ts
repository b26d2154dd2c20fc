import * as z from 'zod';
import { INIT_SYSTEMS } from './seen-files.ts';

/** What `warmbake init --json` prints. */
export const initSchema = z.strictObject({
  schemaVersion: z.literal(1),
  files: z
    .array(
      z.strictObject({
        file: z.string().describe('from the top of the checkout'),
        state: z
          .enum(['planned', 'written', 'unchanged', 'exists'])
          .describe('planned with --dry-run; exists: something else is there, and stays'),
        text: z.string().describe('what init writes by that name'),
      }),
    )
    .describe('the configuration last'),
  repository: z.string(),
  trustedBranch: z.string(),
  registry: z.string(),
  bakeFiles: z.array(z.string()),
  targets: z.array(z.strictObject({ name: z.string(), lane: z.string().optional() })),
  ci: z.enum(INIT_SYSTEMS),
  step: z.string().optional().describe('of ci other: what a job sets and calls, a line each'),
  next: z.array(z.string()).describe('what is left for a person, a line each'),
  warnings: z
    .array(z.strictObject({ code: z.string(), message: z.string() }))
    .describe('what was assumed (assumed, placeholder), kept (file-kept) or may be refused'),
});
