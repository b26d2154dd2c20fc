import type { Host } from './host.ts';

/** After this time people want to know what is going on, in milliseconds. */
const PATIENCE_MS = 2_000;

/** Awaits `work`; says `text` where that takes longer than two seconds. */
export async function sayIfSlow<T>(
  { clock, emit }: Pick<Host, 'clock' | 'emit'>,
  text: string,
  work: Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const slow = clock.sleep(PATIENCE_MS, done.signal).then(
    () => emit({ type: 'line', text: `… ${text}` }),
    () => undefined,
  );
  try {
    return await work;
  } finally {
    done.abort();
    await slow;
  }
}
