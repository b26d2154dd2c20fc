import type { StepEnd } from '../platform/events.ts';
import type { Interval, Vertex } from './vertex.ts';

/** What became of a vertex. `not-run`: the build ended before it was its turn. */
export type StepVerdict = StepEnd | 'not-run';

const CANCELED = /context canceled$/;

/**
 * Judges a vertex by its intervals. BuildKit calls two different things `cached`: a record that was loaded takes time,
 * however little; a vertex that nobody needed because a later one was loaded gets start = end = the start of that one
 * (`vertexStream.append` in solver/progress.go). Once loaded, its layers are pulled and extracted in further intervals
 * that are not called cached, so the first that ended well decides. Unfinished vertices of a failed build are closed
 * with `context canceled`.
 */
export function stepVerdict(vertex: Vertex): StepVerdict {
  const work = workOf(vertex).filter((i) => !isSynthesised(i));
  const done = work.find((i) => i.completed !== undefined && i.error === undefined);
  if (done?.cached === false) return 'executed';
  if (errorOf(vertex) !== undefined) return 'failed';
  if (done !== undefined) return 'loaded';
  if (work.length > 0) return 'aborted';
  return vertex.intervals.length > 0 ? 'pruned' : 'not-run';
}

/** The error that ended a vertex; being cancelled is none. */
export function errorOf(vertex: Vertex): string | undefined {
  return vertex.intervals.findLast((i) => i.error !== undefined && !CANCELED.test(i.error))?.error;
}

/** True while work on a vertex has started and not ended. */
export function isRunning(vertex: Vertex): boolean {
  return vertex.intervals.some((i) => i.completed === undefined);
}

/** True while a vertex is only looked up in a cache. */
export function isLoading(vertex: Vertex): boolean {
  const open = vertex.intervals.filter((i) => i.completed === undefined);
  return open.length > 0 && open.every((i) => i.cached);
}

/**
 * Seconds in which any of the intervals ran: overlaps count once. Two targets of one bake tell the same interval
 * with clocks about a millisecond apart, so equal intervals cannot be found by their start.
 */
export function secondsOf(intervals: readonly Interval[]): number {
  const spans = intervals
    .filter((i) => i.completed !== undefined)
    .map((i) => [Date.parse(i.started), Date.parse(i.completed ?? i.started)] as const)
    .sort((a, b) => a[0] - b[0]);
  let milliseconds = 0;
  let covered = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans) {
    milliseconds += Math.max(0, to - Math.max(from, covered));
    covered = Math.max(covered, to);
  }
  return milliseconds / 1000;
}

/**
 * An instruction without inputs (WORKDIR in an empty stage) first computes its cache key, and BuildKit tells that as
 * an interval like any other, also where nothing ran after it (`sharedOp.CacheMap` in solver/jobs.go).
 */
function workOf(vertex: Vertex): readonly Interval[] {
  return vertex.kind === 'instruction' && !vertex.hasInputs ? vertex.intervals.slice(1) : vertex.intervals;
}

function isSynthesised(interval: Interval): boolean {
  return interval.cached && interval.started === interval.completed;
}
