import type { Host } from '../platform/host.ts';

/** Nobody waits longer than this without a word, in milliseconds. */
const SILENCE_MS = 1_500;

/** Runs what asks somebody: the display stands still meanwhile. */
export type Quietly = <T>(work: () => Promise<T>) => Promise<T>;

/** Shows that `what` is under way, with its time where the terminal can, until `work` has ended; in plain text as a line after a while. */
export async function withProgress<T>(
  { emit, clock }: Pick<Host, 'emit' | 'clock'>,
  what: string,
  work: (quiet: Quietly) => Promise<T>,
): Promise<T> {
  const step = { id: what, name: `[fleet] ${what}`, kind: 'internal' } as const;
  const start = (): (() => void) => {
    const ended = new AbortController();
    emit({ type: 'step', step: { ...step, state: 'started' } });
    clock.sleep(SILENCE_MS, ended.signal).then(
      () => emit({ type: 'log', id: what, lines: [`${what} takes a moment`] }),
      () => undefined,
    );
    return () => {
      ended.abort();
      emit({ type: 'step', step: { ...step, state: 'executed' } });
    };
  };
  let end = start();
  try {
    return await work(async (ask) => {
      end();
      try {
        return await ask();
      } finally {
        end = start();
      }
    });
  } finally {
    end();
  }
}
