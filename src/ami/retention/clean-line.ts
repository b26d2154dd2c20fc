import { WarmbakeError } from '../../platform/errors.ts';
import type { MachineImage } from '../model/machine-image.ts';

/** What became of an image or of a leftover snapshot. */
export interface CleanLine {
  readonly id: string;
  /** Absent for a snapshot. */
  readonly image?: MachineImage;
  readonly outcome: 'kept' | 'condemned' | 'deleted' | 'planned' | 'failed';
  /** What is planned. */
  readonly plan?: 'condemn' | 'delete';
  /** Of an image that is marked now: from when on a cleanup may delete it. */
  readonly deletableFrom?: Date;
  /** Why it stays, goes or did not go. */
  readonly because: readonly string[];
}

/**
 * The line that `work` gives, or one that says why it failed: what cannot be deleted does not stop the others. A refusal does, as
 * that of a lock that somebody has taken.
 */
export async function attemptLine(
  what: Pick<CleanLine, 'id' | 'image'>,
  work: () => Promise<CleanLine>,
): Promise<CleanLine> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WarmbakeError) || error.kind === 'refused') throw error;
    return { ...what, outcome: 'failed', because: [error.message] };
  }
}

/** The line of an image. */
export function imageLine(
  image: MachineImage,
  outcome: CleanLine['outcome'],
  because: readonly string[],
): CleanLine {
  return { id: image.id, image, outcome, because };
}
