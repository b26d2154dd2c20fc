import { WarmbakeError } from '../../../platform/errors.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { linePart } from '../../parts.ts';

/** A question that wants a yes. */
export interface Confirmation {
  readonly text: string;
  /** What is true where the answer is no. */
  readonly otherwise: string;
}

/** Shows what would be done, and asks. Throws `usage` where nobody can be asked, `refused` where the answer is no. */
export async function confirm(
  { ask }: Host,
  about: readonly PagePart[],
  question: Confirmation,
): Promise<void> {
  const { text, otherwise } = question;
  if (ask === undefined) {
    throw new WarmbakeError('usage', 'not-confirmed', `nobody can be asked here; ${otherwise}`, {
      hint: 'give --yes, or look first with --dry-run',
    });
  }
  // With the question: a live display shows events at its next frame, which would be after it.
  const answer = await ask([...about, linePart('')], text);
  if (/^y(?:es)?$/i.test(answer?.trim() ?? '')) return;
  throw new WarmbakeError('refused', 'not-confirmed', `not confirmed; ${otherwise}`);
}
