import { messageOf } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';

/** Something that is done after an image was pushed. */
export interface AfterPush<T> {
  /** Code of the warning where it goes wrong. */
  readonly code: string;
  readonly work: () => Promise<T>;
  /** What it comes to then. */
  readonly instead: T;
}

/**
 * Does what follows a push. Whatever is thrown there, a defect too, is a warning: the image stands, and how the build went must not be
 * hidden by what came after. Rejects only with the reason of an interrupted run.
 */
export async function spared<T>(
  { emit, signal }: Pick<Host, 'emit' | 'signal'>,
  { code, work, instead }: AfterPush<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    warn(emit, code, messageOf(error));
    return instead;
  }
}
