import type { Clock } from './clock.ts';
import type { Emit, PagePart } from './events.ts';
import type { HttpClient } from './http.ts';
import type { Processes } from './process.ts';

/** The world as the jobs see it; built once in `main.ts`, from fixtures in tests. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What this machine builds for by itself: `linux/amd64`, `linux/arm64`. */
  readonly platform: string;
  /** This program, where it is a file that runs by itself (`npm run package`). */
  readonly executable?: string;
  readonly processes: Processes;
  readonly clock: Clock;
  /** A number from 0 up to 1; spreads repetitions. */
  readonly random: () => number;
  readonly emit: Emit;
  /** Aborted with an `Interrupted` as reason on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /**
   * Shows the person at the terminal what the question is about, and asks; the answer is a line, `undefined` where the input ended (Ctrl-D).
   * Absent where there is nobody to ask.
   */
  readonly ask?: (about: readonly PagePart[], question: string) => Promise<string | undefined>;
  /** HTTP that honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly fetch: typeof globalThis.fetch;
  /** The same for short questions to registries, where that can be had for less; absent: `fetch`. */
  readonly http?: HttpClient;
  /** A directory (0700) of this run, removed when the run ends, however it ends. */
  readonly scratch: string;
}
