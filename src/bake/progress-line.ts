import * as z from 'zod';
import { jsonOrUndefined } from '../platform/json.ts';

/** Go writes an empty list as `null` or leaves it out. */
const listOrNone = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

const vertexSchema = z.object({
  digest: z.string(),
  name: z.string(),
  inputs: listOrNone(z.string()),
  started: z.string().optional(),
  completed: z.string().optional(),
  cached: z.boolean().default(false),
  error: z.string().optional(),
});

const statusSchema = z.object({
  id: z.string(),
  vertex: z.string(),
  current: z.number(),
  completed: z.string().optional(),
});

/** `data` is base64 of bytes: it can end in the middle of a line and of a character. */
const logSchema = z.object({ vertex: z.string(), stream: z.number(), data: z.base64().nullish() });

/** `short` is base64 of UTF-8. */
const warningSchema = z.object({ short: z.base64().nullish() });

const updateSchema = z
  .object({
    vertexes: listOrNone(vertexSchema),
    statuses: listOrNone(statusSchema),
    logs: listOrNone(logSchema),
    warnings: listOrNone(warningSchema),
  })
  .refine((update) => Object.values(update).some((items) => items.length > 0));

/** One object of BuildKit's progress stream (`client.SolveStatus`), reduced to the fields that are read. */
export type ProgressUpdate = z.infer<typeof updateSchema>;
export type VertexUpdate = z.infer<typeof vertexSchema>;

/** A piece of what `docker buildx bake --progress=rawjson` writes to standard error. */
export type ProgressPiece =
  | { readonly kind: 'update'; readonly update: ProgressUpdate }
  /** Anything else: warnings, source excerpts, the final error. */
  | { readonly kind: 'said'; readonly text: string };

/**
 * Reads the stream line by line. buildx 0.29 writes an object per line, buildx 0.13 spreads it over indented lines:
 * such lines give nothing until the closing brace.
 */
export function progressReader(): (line: string) => readonly ProgressPiece[] {
  let open: string[] = [];
  return (line) => {
    if (open.length === 0) {
      if (line !== '{') return [pieceOf(line)];
      open = [line];
      return [];
    }
    open.push(line);
    if (line.startsWith(' ')) return [];
    const block = open;
    open = [];
    return line === '}' ? [pieceOf(block.join('\n'))] : block.map(pieceOf);
  };
}

function pieceOf(text: string): ProgressPiece {
  if (!text.startsWith('{')) return { kind: 'said', text };
  const parsed = updateSchema.safeParse(jsonOrUndefined(text));
  return parsed.success ? { kind: 'update', update: parsed.data } : { kind: 'said', text };
}
