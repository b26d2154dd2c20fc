import { createHash } from 'node:crypto';

import type { Digest } from './reference.ts';

/** The digest under which a registry keeps these bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
