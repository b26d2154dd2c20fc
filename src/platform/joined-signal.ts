import { setMaxListeners } from 'node:events';

/**
 * The result of `work`, whose signal is aborted with the reason of whichever of `signals` is aborted first, before or while it runs.
 * Nothing is left on them afterwards.
 *
 * In place of `AbortSignal.any`: with `AbortSignal.timeout` among its sources, what it makes can be collected before it fires
 * (nodejs/node#57736), and whoever waits for it waits forever.
 */
export async function withJoinedSignal<T>(
  signals: readonly AbortSignal[],
  work: (joined: AbortSignal) => Promise<T>,
): Promise<T> {
  const joined = new AbortController();
  // Any number of questions may wait for its end; Node takes more than ten for a leak, and says so on the screen.
  setMaxListeners(0, joined.signal);
  const unlink = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) joined.abort(signal.reason);
    const passOn = (): void => joined.abort(signal.reason);
    signal.addEventListener('abort', passOn, { once: true, signal: unlink.signal });
  }
  try {
    return await work(joined.signal);
  } finally {
    unlink.abort();
  }
}
