import { createHash } from 'node:crypto';

/** As `lane` of the configuration. */
const LONGEST = 32;

/**
 * The lane of a target that is configured by the name of its group or matrix, `lane` being that name's: the target's own name, and
 * the lane behind it. A name that is no lane, or too long, gets eight digits of its SHA-256, so that different names stay different.
 */
export function memberLane(name: string, lane: string): string {
  const ending = lane === '' ? '' : `-${lane}`;
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[.-]+|[.-]+$/g, '');
  const plain = slug + ending;
  if (slug === name && plain.length <= LONGEST && !looksHashed(plain)) return plain;
  const hash = `-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
  const room = Math.max(1, LONGEST - hash.length - ending.length);
  return `${slug === '' ? 't' : slug.slice(0, room)}${hash}${ending}`;
}

/** Tags of branches can end like this; see `lane` in `config/fields.ts`. */
function looksHashed(text: string): boolean {
  return /^(?:.*-)?[0-9a-f]{10}$/.test(text);
}
