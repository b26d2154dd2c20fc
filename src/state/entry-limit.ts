import { WarmbakeError } from '../platform/errors.ts';

/** Most bytes of an entry that is read. Whoever may add records may add one of any size. */
export const LARGEST_ENTRY = 8 << 20;

/** What an entry is refused with that is larger. */
export const ENTRY_TOO_LARGE = 'state-entry-too-large';

/** The refusal. */
export function entryTooLarge(name: string): WarmbakeError {
  const message = `${name} has more than ${LARGEST_ENTRY >> 20} MiB; nothing of this tool's has`;
  return new WarmbakeError('outside', ENTRY_TOO_LARGE, message, { hint: 'see who wrote it, and remove it' });
}
