import { stringify } from 'yaml';

/** The CI step that builds: a file, or text to be copied, and what has to be done beside it. */
export interface CiStep {
  /** From the top of the checkout; absent where no system is known whose file it could be. */
  readonly file?: string;
  readonly text: string;
  /** A line each. */
  readonly beside: readonly string[];
}

/** Minutes after which a hosted runner's job is ended: a cold build of everything takes hours, and they end jobs after six. */
export const HOSTED_MINUTES = 350;

/** A document of a CI system as YAML, no line broken. */
export function ciYaml(document: object): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true });
}

/** The first line of what only this command writes. */
export const WRITTEN_ONCE = '# Written by `warmbake init`; it is yours from here on.\n';

/** What to do where jobs are to find the program by its name. */
export function withoutProgram(program: string): readonly string[] {
  return program === 'warmbake'
    ? ['jobs need warmbake on PATH; or commit its launcher, warmbake.sh, and name it with --program']
    : [];
}
