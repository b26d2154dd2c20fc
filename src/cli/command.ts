import type { WarmbakeError } from '../platform/errors.ts';
import type { PagePart } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';

/** The values of a command line after parsing: arguments by position, options by their camel-case name. */
export interface Input {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** What a command leaves: the JSON document, the same for people, and the exit code where it is not 0. */
export interface CommandOutcome {
  /** Printed to standard output with `--json`; `schemaVersion` is added. */
  readonly json: object;
  /** Printed to standard output without `--json`, as it is: a file, a policy, one word for a script. */
  readonly text?: string;
  /** The same for people, fitted to their screen; nothing where the events said it all. */
  readonly page?: readonly PagePart[];
  /** What happened, in one sentence: the last line of standard error. */
  readonly closing?: string;
  readonly exitCode?: number;
  /** What went wrong although there is a document; sets the exit code and is told like any error. */
  readonly error?: WarmbakeError;
}

/** One option: flags as commander has them and one line of help. */
export interface Option {
  readonly flags: string;
  readonly help: string;
  /** Can be given several times, with one value each: a list, as `<value...>` makes one of several values. */
  readonly repeatable?: true;
  /** Values that shells complete; what is taken is for the command to say. */
  readonly choices?: readonly string[];
}

/** A command in the program's table; what it needs is loaded only when it is called. */
export interface Listed {
  /** One word, or a group and a word: `ami roll`. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandSpec>;
}

/** A command as data; `run` is loaded only when the command is called. */
export interface CommandSpec {
  /** Positional arguments as commander has them: `[target...]`. */
  readonly args?: string;
  /** Arguments that shells complete; what is taken is for the command to say. */
  readonly choices?: readonly string[];
  readonly description: string;
  readonly options: readonly Option[];
  /** Lines below `Examples:` in the help text. */
  readonly examples: readonly string[];
  /**
   * Whether a call changes what others rely on. Such a call is refused in a CI job that is not one of the trusted branch (see
   * `trusted-job.ts`); what a build writes of its own is decided by its plan.
   */
  readonly changesShared: (input: Input) => boolean;
  /** With `--json` a document is one line: the command tells several. Default: one document, indented. */
  readonly documentLines?: true;
  /** What stands beside `error` in the document of a call that ended before it had one. Default: nothing. */
  readonly notStarted?: (input: Input) => object;
  readonly run: (host: Host, input: Input) => Promise<CommandOutcome>;
}

/** For {@link CommandSpec.changesShared}: a command that only looks, or writes what is its own. */
export const never = (): boolean => false;

/** A command that always does. */
export const always = (): boolean => true;

/** A command that does unless it is told to look only. */
export const unlessDryRun = (input: Input): boolean => !flag(input, 'dryRun');

/** The option's text; `undefined` where it was not given. */
export function textOption(input: Input, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** All texts of an option that can be given several times. */
export function listOption(input: Input, name: string): readonly string[] {
  const value = input.options[name];
  return typeof value === 'object' ? value : [];
}

/** True where the switch was given. */
export function flag(input: Input, name: string): boolean {
  return input.options[name] === true;
}

/** Options of every command that reads the configuration. */
export const CONFIG_OPTION: Option = {
  flags: '--config <file>',
  help: 'configuration file (default: WARMBAKE_CONFIG; outside of CI also warmbake.yaml here or above)',
};

/** For those whose work a pull request's configuration could turn. */
export const CONFIG_OPTIONS: readonly Option[] = [
  CONFIG_OPTION,
  {
    flags: '--config-from <source>',
    help: "where a build that is not the trusted branch's takes it from: merge-base (default) or tip, with :BRANCH behind it; checkout; sha256:… (default: WARMBAKE_CONFIG_FROM)",
    choices: ['merge-base', 'tip', 'checkout'],
  },
];
