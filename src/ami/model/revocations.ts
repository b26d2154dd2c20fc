import * as z from 'zod';
import type { FamilySettings } from '../../config/families.ts';
import { jsonOrUndefined } from '../../platform/json.ts';

const time = z.iso.datetime().transform((text) => new Date(text));

const schema = z.object({
  image: z.string(),
  revoked: z.boolean(),
  by: z.string(),
  at: time,
  reason: z.string().exactOptional(),
});

/** That an image was revoked, or that this was taken back. */
export type RevocationNote = z.output<typeof schema>;

/**
 * Name of the parameter whose versions are the notes of revocations: tags go with their image, and with a revocation that is taken back.
 * Nothing is decided by it.
 */
export function revocationsParameter(family: Pick<FamilySettings, 'parameter'>): string {
  return `${family.parameter}/revocations`;
}

/** Reads one version of it; `undefined` where somebody wrote something else. */
export function parseRevocationNote(text: string): RevocationNote | undefined {
  const read = schema.safeParse(jsonOrUndefined(text));
  return read.success ? read.data : undefined;
}

/** The value of the parameter. */
export function printRevocationNote(note: RevocationNote): string {
  return JSON.stringify(note);
}
