import type { Setback } from './refusal.ts';

/** Tries of one request, the first included. */
const TRIES = 4;
const FIRST_MS = 500;
const LONGEST_MS = 8000;

/** How far one request has come. */
export interface Effort {
  /** Tries made, from 1. */
  readonly tries: number;
  /** Since the first try. */
  readonly elapsedMs: number;
  /** No try starts later than this after the first. */
  readonly patienceMs: number;
  /** 0 to 1; spreads the waits of jobs that were refused together. */
  readonly jitter: number;
}

/**
 * Milliseconds to wait before the next try, or `undefined` where this was the last one: the setback will not go away by itself,
 * the tries are used up, or the registry wants more patience than there is. Waits double from half a second; jitter takes
 * away up to half; `Retry-After` is the least.
 */
export function waitBeforeRetry(setback: Setback, effort: Effort): number | undefined {
  if (!setback.transient || effort.tries >= TRIES) return undefined;
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (effort.tries - 1));
  const wait = Math.max(ceiling * (1 - effort.jitter / 2), setback.retryAfterMs ?? 0);
  return effort.elapsedMs + wait <= effort.patienceMs ? wait : undefined;
}
