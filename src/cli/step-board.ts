import type { StepEnd, StepUpdate } from '../platform/events.ts';
import { isFatal, stepWord } from './step-text.ts';

/** Lines of output that are shown again when a step fails. */
const TAIL = 20;

/** A step that is at work. */
export interface Running {
  readonly step: StepUpdate;
  readonly since: Date;
  readonly tail: readonly string[];
}

/** What a change of a step means for a reader; `silent` is not worth a line. */
export type BoardChange =
  | { readonly kind: 'started' }
  | { readonly kind: 'ended'; readonly word: string }
  | { readonly kind: 'failed'; readonly tail: readonly string[] }
  | { readonly kind: 'silent' };

/** Keeps who is running and what was said about each step, so that a step gets one line however often it is told. */
export interface StepBoard {
  update(step: StepUpdate, now: Date): BoardChange;
  log(id: string, lines: readonly string[]): void;
  /** In order of their start. */
  running(): readonly Running[];
  /** Instructions by how they ended. */
  counts(): ReadonlyMap<StepEnd, number>;
}

/** Overhead of BuildKit shows up only where it fails. Pulling a loaded layer gets a second line if it takes a second or more. */
export function stepBoard(): StepBoard {
  const running = new Map<string, Running>();
  const ended = new Map<string, StepUpdate>();
  const start = (step: StepUpdate, since: Date): BoardChange => {
    if (!running.has(step.id)) running.set(step.id, { step, since, tail: [] });
    return step.kind === 'instruction' && !ended.has(step.id) ? { kind: 'started' } : { kind: 'silent' };
  };
  return {
    update: (step, now) => {
      if (step.state === 'started') return start(step, now);
      const tail = running.get(step.id)?.tail ?? [];
      running.delete(step.id);
      const before = ended.get(step.id);
      ended.set(step.id, step);
      if (isFatal(step)) return { kind: 'failed', tail };
      if (step.kind === 'internal') return { kind: 'silent' };
      if (before?.state !== step.state) return { kind: 'ended', word: stepWord(step) };
      if ((step.seconds ?? 0) - (before.seconds ?? 0) < 1) {
        ended.set(step.id, before);
        return { kind: 'silent' };
      }
      return { kind: 'ended', word: step.state === 'loaded' ? 'pulled' : stepWord(step) };
    },
    log: (id, lines) => {
      const known = running.get(id);
      if (known !== undefined) running.set(id, { ...known, tail: [...known.tail, ...lines].slice(-TAIL) });
    },
    running: () => [...running.values()],
    counts: () => {
      const counts = new Map<StepEnd, number>();
      for (const { kind, state } of ended.values()) {
        if (kind === 'instruction' && state !== 'started') counts.set(state, (counts.get(state) ?? 0) + 1);
      }
      return counts;
    },
  };
}
