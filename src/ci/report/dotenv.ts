import type { Output } from './ci-report.ts';

/** What GitLab takes of a dotenv report where nobody has raised it (docs.gitlab.com/administration/instance_limits): more than that fails the job. */
const MOST_VARIABLES = 20;
const SMALLER_THAN = 5 * 1024;

/** A file of variables, and the names of those that had no room. */
export interface Dotenv {
  readonly text: string;
  readonly leftOut: readonly string[];
}

/**
 * Variables as GitLab reads them (docs.gitlab.com/ci/yaml/artifacts_reports, `dotenv`): `NAME=value`, a line each, in ASCII, without quotes,
 * comments or empty lines. A value that cannot stand there, or would be expanded, is left out, as is one that is said to have another value.
 */
export function dotenvOf(variables: readonly Output[]): Dotenv {
  const said = new Map<string, Set<string>>();
  for (const [name, value] of variables) said.set(name, (said.get(name) ?? new Set()).add(value));
  const lines: string[] = [];
  const leftOut: string[] = [];
  let size = 0;
  for (const [name, [value = '', ...others]] of said) {
    const line = `${name}=${value}\n`;
    const fits = lines.length < MOST_VARIABLES && size + line.length < SMALLER_THAN;
    if (others.length === 0 && fits && NAME.test(name) && VALUE.test(value)) {
      lines.push(line);
      size += line.length;
    } else {
      leftOut.push(name);
    }
  }
  return { text: lines.join(''), leftOut };
}

const NAME = /^[A-Z_][A-Z0-9_]*$/;
/** No `$`, quote, backslash or control; a blank only between others. */
const VALUE = /^[\w.:/@+,[\]-]+(?: [\w.:/@+,[\]-]+)*$/;
