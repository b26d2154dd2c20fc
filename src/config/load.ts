import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { CONFIGURATION_FILE, configurationPlaces } from './find.ts';
import { parseConfiguration } from './parse.ts';
import type { ConfigurationOrigin, ReadConfiguration } from './parse.ts';
import { problemLine, problemText } from './problem.ts';

/** What the caller knows. */
export interface LoadOptions {
  /** Value of `--config`. */
  readonly config?: string;
  /** Git top level of the working directory, where there is one; paths in the file are relative to it. */
  readonly topLevel?: string;
}

/** The configuration, and the file that it comes from (absolute). */
export interface LoadedSettings extends ReadConfiguration {
  readonly file: string;
  readonly text: string;
}

/** Finds, reads and checks the file as it lies there. Throws `config` with every problem, one a line. */
export async function loadSettings(
  host: Pick<Host, 'env' | 'cwd'>,
  options: LoadOptions = {},
): Promise<LoadedSettings> {
  const { file, text } = await readFirst(host, options.config);
  return { file, text, ...settingsOfText(text, { file, root: options.topLevel ?? host.cwd }) };
}

/**
 * The text of a configuration, as settings. `file` is its name in messages, `root` what its paths are relative to. Throws `config`
 * with every problem, one a line.
 */
export function settingsOfText(text: string, origin: ConfigurationOrigin): ReadConfiguration {
  const parsed = parseConfiguration(text, origin);
  if (parsed.ok) {
    const { ok: _, ...configuration } = parsed;
    return configuration;
  }
  const lines = parsed.problems.map(problemLine);
  const count = lines.length === 1 ? 'a problem' : `${lines.length} problems`;
  throw new WarmbakeError(
    'config',
    'invalid-configuration',
    `the configuration has ${count}:\n${lines.join('\n')}`,
    // Another is a file of a branch: what this machine has there can be another text.
    path.isAbsolute(origin.file)
      ? { problems: parsed.problems.map((one) => ({ ...one, message: problemText(one) })) }
      : {},
  );
}

async function readFirst(host: Pick<Host, 'env' | 'cwd'>, option: string | undefined) {
  const { candidates, namedBy } = configurationPlaces(host, option);
  for (const file of candidates) {
    try {
      return { file, text: await readFile(file, 'utf8') };
    } catch (cause) {
      if (namedBy === undefined && isAbsence(cause)) continue;
      const named = namedBy === undefined ? '' : ` (named by ${namedBy})`;
      throw new WarmbakeError('config', 'configuration-unreadable', `cannot read '${file}'${named}`, {
        cause,
      });
    }
  }
  throw new WarmbakeError(
    'config',
    'configuration-missing',
    `no ${CONFIGURATION_FILE} in '${host.cwd}' or above it`,
    { hint: '`warmbake init` writes the first one; or name it with --config or WARMBAKE_CONFIG' },
  );
}

/** No such file; a file where a directory would have to be is the same. */
function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
