import type { DraftTarget } from './target-choice.ts';
import type { InitSystem } from './seen-files.ts';

/** A value, and where it is from. */
export interface Sourced {
  readonly value: string;
  readonly because: string;
}

/** Everything that the files are written from. */
export interface Draft {
  /** The configuration, from the top of the checkout. */
  readonly file: string;
  readonly repository: Sourced;
  readonly trustedBranch: Sourced;
  readonly registry: Sourced;
  readonly bakeFiles: readonly string[];
  /** Variables that they declare. */
  readonly variables: readonly string[];
  readonly targets: readonly DraftTarget[];
  readonly targetsBecause: string;
  /** Further names of the bake files. */
  readonly others: readonly string[];
  readonly system: InitSystem;
  /** How a job starts this tool: one line of shell. */
  readonly program: string;
  /** The schema for editors, from the folder of the configuration. */
  readonly schema?: string;
}
