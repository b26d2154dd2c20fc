import path from 'node:path';
import type { Output } from '../ci/report/ci-report.ts';
import { dotenvOf } from '../ci/report/dotenv.ts';
import { messageOf, WarmbakeError } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import { requireOwnFile, writeOwnFile } from '../platform/own-file.ts';
import { type Input, textOption } from './command.ts';
import type { Loaded } from './loaded.ts';

/** A file that the caller names for something about the build. */
export interface NamedFile {
  readonly file: string;
  readonly where: { readonly root: string; readonly option: string };
}

/** The file that an option names; throws `usage` where it must not be written. `undefined` where the option is not given. */
export async function namedFile(
  { host, settings }: Loaded,
  input: Input,
  name: 'result' | 'dotenv',
): Promise<NamedFile | undefined> {
  const file = textOption(input, name);
  if (file === undefined) return undefined;
  const named = { file: path.resolve(host.cwd, file), where: { root: settings.root, option: `--${name}` } };
  await requireOwnFile(named.file, named.where);
  return named;
}

/** Writes the variables of `--dotenv`. What is not written is a warning: they are a report, and decide nothing. */
export async function writeDotenv(
  { host: { emit } }: Loaded,
  named: NamedFile | undefined,
  variables: readonly Output[],
): Promise<void> {
  if (named === undefined) return;
  const { text, leftOut } = dotenvOf(variables);
  if (leftOut.length > 0) {
    const message = `${leftOut.join(', ')}: left out of '${named.file}', which GitLab takes up to 5 KiB and 20 variables of; --result has everything`;
    warn(emit, 'dotenv-cut', message);
  }
  try {
    await writeOwnFile(named.file, text, named.where);
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    warn(emit, error.code, messageOf(error));
  }
}
