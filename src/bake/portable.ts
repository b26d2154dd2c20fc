import * as z from 'zod';
import { csvLine } from './csv.ts';

/** Attributes of one entry as CSV, its type first. */
const entry = z.record(z.string(), z.union([z.string(), z.boolean(), z.number()])).transform((attributes) => {
  const { type, ...others } = attributes;
  const fields = Object.entries({ ...(type === undefined ? {} : { type }), ...others });
  return csvLine(fields.map(([key, value]) => `${key}=${value}`));
});
const entries = z.array(z.union([z.string(), entry])).optional();

const ssh = z
  .object({ id: z.string(), paths: z.array(z.string()).default([]) })
  .transform(({ id, paths }) => (paths.length === 0 ? id : `${id}=${paths.join(',')}`));

const portableTarget = z.looseObject({
  attest: entries,
  'cache-from': entries,
  'cache-to': entries,
  output: entries,
  secret: entries,
  ssh: z.array(z.union([z.string(), ssh])).optional(),
});
const document = z.looseObject({ target: z.record(z.string(), portableTarget) });

/**
 * What bake printed, as a bake file that every buildx reads: since 0.19 entries are printed as objects, which older ones
 * refuse; text is read by all. Of a shape that is not known it stays as it is.
 */
export function portableDefinition(raw: unknown): unknown {
  return document.safeParse(raw).data ?? raw;
}
