import { shownAddresses } from './shown-addresses.ts';

/** What went wrong, in the words of the caller: it decides the exit code and nothing else. */
export type ErrorKind = 'check' | 'usage' | 'config' | 'refused' | 'outside' | 'build' | 'defect';

/** Exit code of each kind; a documented contract (docs/machine-interface.md). */
export const EXIT_CODE = {
  check: 1,
  usage: 2,
  config: 3,
  refused: 4,
  outside: 5,
  build: 6,
  defect: 70,
} as const satisfies Record<ErrorKind, number>;

/** Optional parts of a {@link WarmbakeError}. */
export interface ErrorDetail {
  /** What the reader should do next; one sentence. */
  readonly hint?: string;
  /** What raised it. */
  readonly cause?: unknown;
  /** Where in files of this machine it is, each said in the message too. */
  readonly problems?: readonly ProblemInFile[];
}

/** Something wrong in a file; lines and columns count from 1. */
export interface ProblemInFile {
  /** Absolute. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * The one error class. `code` is stable kebab-case for machines (`bake-file-missing`); `message` is for people:
 * lower case, names the wrong value, says what to change. Expected alternatives are return values, not errors.
 */
export class WarmbakeError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly problems: readonly ProblemInFile[];

  constructor(kind: ErrorKind, code: string, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'WarmbakeError';
    this.kind = kind;
    this.code = code;
    this.hint = detail.hint;
    this.problems = detail.problems ?? [];
  }
}

/** Thrown where work stops because the process got `signal`; exit codes 130 (SIGINT) and 143 (SIGTERM). */
export class Interrupted extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM';

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
    this.signal = signal;
  }
}

/** The exit code that `error` stands for; anything that is not ours is a defect (70). */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.signal === 'SIGINT' ? 130 : 143;
  if (error instanceof WarmbakeError) return EXIT_CODE[error.kind];
  return EXIT_CODE.defect;
}

/** An error in JSON documents. */
export function errorDocument(error: unknown): { readonly [key: string]: unknown } {
  const ours = error instanceof WarmbakeError ? error : undefined;
  const code = ours?.code ?? (error instanceof Interrupted ? 'interrupted' : 'defect');
  const hint = ours?.hint === undefined ? {} : { hint: shownAddresses(ours.hint) };
  return { code, message: messageOf(error), exitCode: exitCodeOf(error), ...hint };
}

/** The message of anything thrown, with the messages of its causes: `a: b: c`; addresses in it are good for nobody. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return shownAddresses(String(error));
  const cause = error.cause === undefined ? '' : messageOf(error.cause);
  const own = shownAddresses(error.message === '' ? error.name : error.message);
  return cause === '' || own.includes(cause) ? own : `${own}: ${cause}`;
}
