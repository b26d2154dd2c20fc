import * as z from 'zod';
import { csvFields } from './csv.ts';

const attestation = z.union([
  z.string().transform(attributesOf),
  z.record(z.string(), z.unknown().transform(String)),
]);
const printedResult = z.object({
  platforms: z.array(z.string()).default([]),
  attest: z.array(attestation).default([]),
  annotations: z.array(z.string()).optional(),
});

/**
 * A printed target with annotations that its result can have: BuildKit refuses those of an index where there is none ("index annotations
 * not supported for single platform export"). A result is an index where it has several platforms or an attestation; buildx adds
 * provenance unless the target says otherwise.
 */
export function withFittingAnnotations<T extends Readonly<Record<string, unknown>>>(printed: T): T {
  const read = printedResult.safeParse(printed);
  if (!read.success || read.data.annotations === undefined || isIndex(read.data)) return printed;
  const annotations = read.data.annotations.map((text) => text.replace(/^index,(?=manifest:)/, ''));
  return { ...printed, annotations };
}

function isIndex({
  platforms,
  attest,
}: Pick<z.infer<typeof printedResult>, 'platforms' | 'attest'>): boolean {
  const wanted = new Map([['provenance', true]]);
  // The last one of a type counts.
  for (const { type = '', disabled = 'false' } of attest) wanted.set(type, !isTrue(disabled));
  return platforms.length > 1 || [...wanted.values()].some((on) => on);
}

/** As Go's strconv.ParseBool has it. */
function isTrue(text: string): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text);
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  const pairs = csvFields(text).map((field) => {
    const [key = '', ...rest] = field.split('=');
    return [key.trim().toLowerCase(), rest.join('=')] as const;
  });
  return Object.fromEntries(pairs);
}
