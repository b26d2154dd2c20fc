import type { Emit } from '../platform/events.ts';
import { type StartFailure, judgeStartFailure, startFailureIn } from './start-failure.ts';
import { MARKER } from './statistics.ts';

/** What one step said about sccache. */
export interface Heard {
  /** The text behind the last marker. */
  readonly statistics?: string;
  readonly startFailure?: StartFailure;
}

/** Listens to the output of a build. */
export interface SccacheListener {
  /** Takes every event; only output of steps matters. */
  readonly hear: Emit;
  /** By the id of the step. */
  readonly heard: () => ReadonlyMap<string, Heard>;
}

/** The cause can stand as far below the message; then comes a backtrace. */
const CONTEXT_LINES = 16;

/**
 * Hears what sccache says in the steps of one bake. Keeps at most a line of statistics and one failure a step, so
 * memory does not grow with the log. A step that prints statistics twice counts with the last: they only grow.
 */
export function listenForSccache(): SccacheListener {
  const statistics = new Map<string, string>();
  const failures = new Map<string, { readonly message: string; readonly context: string[] }>();

  const hearLine = (id: string, line: string): void => {
    const failure = failures.get(id);
    if (failure !== undefined && failure.context.length < CONTEXT_LINES) failure.context.push(line);
    // At the start of the line only: a shell that traces its commands shows the marker elsewhere.
    if (line.startsWith(`${MARKER} `)) statistics.set(id, line.slice(MARKER.length + 1));
    const message = startFailureIn(line);
    if (failure === undefined && message !== undefined) failures.set(id, { message, context: [] });
  };

  return {
    hear: (event) => {
      if (event.type === 'log') for (const line of event.lines) hearLine(event.id, line);
    },
    heard: () => {
      const ids = new Set([...statistics.keys(), ...failures.keys()]);
      return new Map([...ids].map((id) => [id, heardOf(statistics.get(id), failures.get(id))]));
    },
  };
}

function heardOf(
  statistics: string | undefined,
  failure: { readonly message: string; readonly context: readonly string[] } | undefined,
): Heard {
  return {
    ...(statistics === undefined ? {} : { statistics }),
    ...(failure === undefined ? {} : { startFailure: judgeStartFailure(failure.message, failure.context) }),
  };
}
