import type { Clock } from './clock.ts';
import { withJoinedSignal } from './joined-signal.ts';

/** Thrown by {@link within} where the time ran out. */
export class OutOfTime extends Error {
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds / 1000} s`);
    this.name = 'OutOfTime';
  }
}

/** What limits a piece of work besides its own time. */
export interface Limits {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The result of `work`, or {@link OutOfTime} after `milliseconds`, or the reason of `signal` when that is aborted first.
 * The signal that `work` gets is aborted in both cases, and nobody waits for work that ignores it.
 */
export async function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  { clock, signal }: Limits,
): Promise<T> {
  signal.throwIfAborted();
  const expiry = new AbortController();
  const done = new AbortController();
  const expire = (): void => expiry.abort(new OutOfTime(milliseconds));
  clock.sleep(milliseconds, done.signal).then(expire, () => undefined);
  try {
    return await withJoinedSignal([signal, expiry.signal], async (stop) => {
      const stopped = new Promise<never>((_resolve, reject) => {
        stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
      });
      return await Promise.race([work(stop), stopped]);
    });
  } finally {
    done.abort();
  }
}
