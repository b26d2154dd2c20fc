import { shownAddresses } from './shown-addresses.ts';

/** A process as data until it is started: an argument list (never a shell line) and the complete environment. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Text for standard input; it is closed when absent. */
  readonly stdin?: string;
  /** The process group gets SIGTERM after this time. */
  readonly timeoutMs?: number;
}

/** How a process ended. Success is `exitCode === 0`, nothing else. */
export interface Finished {
  /** Absent where it was killed by a signal or could not be started. */
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Why there is no exit code; `not-found` is a missing program. */
  readonly failure?: 'not-found' | 'timed-out' | 'killed' | 'not-started';
}

/** Callbacks for whole lines (without line end) while the process runs. */
export interface Watch {
  readonly onStdout?: (line: string) => void;
  readonly onStderr?: (line: string) => void;
  /** Do not collect output that has been handed to a callback. */
  readonly discard?: boolean;
}

/** Starts processes. Never rejects for what a process does; a process that fails is a {@link Finished} value. */
export interface Processes {
  /** Aborting `signal` sends SIGTERM to the process group, then SIGKILL after a grace period. */
  run(command: Command, options?: Watch & { readonly signal?: AbortSignal }): Promise<Finished>;
}

/** True where the process ended by itself with exit code 0. */
export function succeeded(finished: Finished): boolean {
  return finished.exitCode === 0;
}

/** One line about a failed process for an error message: the last line it said, or how it ended. */
export function explainExit(finished: Finished): string {
  const said = shownAddresses(finished.stderr.trim().split('\n').at(-1)?.trim() ?? '');
  if (finished.failure !== undefined) return said === '' ? finished.failure : `${finished.failure}: ${said}`;
  return said === '' ? `exit code ${finished.exitCode}` : said;
}
