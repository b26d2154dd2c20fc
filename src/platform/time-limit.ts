import type { Clock } from './clock.ts';

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
 *
 * Made by hand because signals combined by `AbortSignal.any` can be collected before they fire (nodejs/node#57736).
 */
export async function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  { clock, signal }: Limits,
): Promise<T> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const done = new AbortController();
  const stopped = new Promise<never>((_resolve, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), { once: true });
  });
  const passOn = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', passOn, { once: true });
  const expire = (): void => stop.abort(new OutOfTime(milliseconds));
  clock.sleep(milliseconds, done.signal).then(expire, () => undefined);
  try {
    return await Promise.race([work(stop.signal), stopped]);
  } finally {
    done.abort();
    signal.removeEventListener('abort', passOn);
  }
}
