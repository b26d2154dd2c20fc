import type { Host } from './host.ts';

/** Work of which people hear nothing when it is done within this time, in milliseconds. */
const PATIENCE_MS = 2_000;
/** How often they hear of it then. */
const EVERY_MS = 5_000;

/** Says how far work on many things is, and how long the rest will take, once that takes longer than two seconds. */
export interface Progress {
  /** One more is done. */
  done(): void;
}

/** Begins now; `what` is the things' plural: `stacks`. */
export function startProgress(
  { clock, emit }: Pick<Host, 'clock' | 'emit'>,
  { what, total }: { readonly what: string; readonly total: number },
): Progress {
  const began = clock.now().getTime();
  const state = { done: 0, sayFrom: began + PATIENCE_MS };
  return {
    done() {
      state.done += 1;
      const now = clock.now().getTime();
      if (now < state.sayFrom || state.done === total) return;
      state.sayFrom = now + EVERY_MS;
      const leftMs = ((now - began) / state.done) * (total - state.done);
      emit({ type: 'line', text: `… ${state.done} of ${total} ${what}, about ${durationText(leftMs)} left` });
    },
  };
}

function durationText(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
