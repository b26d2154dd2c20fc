import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT } from './project.ts';

/** How the unit of a machine image starts BuildKit. */
export interface BuildkitUnit {
  /** Its program and arguments, those of $BUILDKITD_EXTRA left out. */
  readonly argv: readonly string[];
  /** Its variables but PATH. */
  readonly env: Readonly<Record<string, string>>;
}

export const UNIT_FILES = join(PROJECT, 'packer/cpu/files');

/** Reads `buildkitd.service`. */
export async function readBuildkitUnit(): Promise<BuildkitUnit> {
  const text = await readFile(join(UNIT_FILES, 'buildkitd.service'), 'utf8');
  const [, command = ''] = /^ExecStart=(.+)$/m.exec(text) ?? [];
  const variables = [...text.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );
  return {
    argv: command.split(' ').filter((word) => !word.startsWith('$')),
    env: Object.fromEntries(variables.filter(([name]) => name !== 'PATH')),
  };
}
