/** A finding that stops nothing but must not go unnoticed; `code` is stable, for machines. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** What a step is for: only an `instruction` (RUN, COPY, ADD, WORKDIR) counts for the cache; `internal` is overhead. */
export type StepKind = 'instruction' | 'import' | 'export' | 'image' | 'internal';

/** How a step ended: `loaded` came from a cache, `pruned` was not needed because a later step did. */
export type StepEnd = 'executed' | 'loaded' | 'pruned' | 'failed' | 'aborted';

/**
 * One step of the build as it happens; `id` is BuildKit's vertex digest. A step can start and end several times
 * (a loaded layer is pulled when it is needed); `seconds` is then the sum.
 */
export interface StepUpdate {
  readonly id: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly state: 'started' | StepEnd;
  /** Seconds the step has run, where it ended. */
  readonly seconds?: number;
  readonly error?: string;
}

/** A part of a page. Where lines have an end, they are wrapped, and what takes much room is shortened. */
export type PagePart =
  /** One line or several; what is `exact` is for copying, and stays in one piece; a `command` is broken only as a shell reads it. */
  | { readonly type: 'line'; readonly text: string; readonly exact?: boolean | 'command' }
  | {
      readonly type: 'table';
      /** Names of the columns; empty where the rows speak for themselves. */
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
      /** Columns to the right of where lines begin; default 0. */
      readonly indent?: number;
    }
  /** Repositories (`host/path`) that are named from here on: what their names have before them can be said once. */
  | { readonly type: 'repositories'; readonly names: readonly string[] }
  /** The same in two ways: `whole` where lines have no end, and is searched for; `short` for screens. */
  | { readonly type: 'two-ways'; readonly whole: readonly PagePart[]; readonly short: readonly PagePart[] };

/** What the library says while it works. Only `cli` turns events into text. */
export type Event =
  | PagePart
  /** A chapter of the run; a log group in CI, unfolded where `open`. */
  | { readonly type: 'section'; readonly title: string; readonly open?: boolean }
  /** A line of a document that is a line each: on standard output with `--json`, nowhere else. */
  | { readonly type: 'record'; readonly record: object }
  | { readonly type: 'warning'; readonly warning: Warning }
  | { readonly type: 'step'; readonly step: StepUpdate }
  /** Output of a step, whole lines without their line end. */
  | { readonly type: 'log'; readonly id: string; readonly lines: readonly string[] };

/** Receives events; must not throw. */
export type Emit = (event: Event) => void;

/** Shorthand for a warning event. */
export function warn(emit: Emit, code: string, message: string): void {
  emit({ type: 'warning', warning: { code, message } });
}
