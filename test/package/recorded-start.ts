import { access, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A launcher, or a program, that notes how it was started in the folder $RECORD, and ends with $FAKE_EXIT. */
export const RECORDER = `#!/bin/sh
printf '%s\\0' "$@" >"$RECORD/arguments"
env -0 >"$RECORD/environment"
[ -z "\${FAKE_OUTPUTS:-}" ] || printf '%s\\n' "$FAKE_OUTPUTS" >>"$GITHUB_OUTPUT"
exit "\${FAKE_EXIT:-0}"
`;

/** How {@link RECORDER} was started. */
export interface RecordedStart {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The last start; `undefined` where there was none. */
export async function recordedStart(folder: string): Promise<RecordedStart | undefined> {
  const file = path.join(folder, 'arguments');
  if (!(await isThere(file))) return undefined;
  const args = (await readFile(file, 'utf8')).split('\0').slice(0, -1);
  const env = (await readFile(path.join(folder, 'environment'), 'utf8')).split('\0').slice(0, -1);
  return {
    args,
    env: Object.fromEntries(
      env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
  };
}

/** Values that start something, or become something else, wherever they are taken for shell, YAML or a line of a protocol. */
export const HOSTILE: readonly string[] = [
  '$(touch "$OWNED")',
  '`touch "$OWNED"`',
  '"; touch "$OWNED"; "',
  '\'; touch "$OWNED"; \'',
  'a\ntouch "$OWNED"\n',
  '; touch "$OWNED" #',
  '| touch "$OWNED"',
  '&& touch "$OWNED"',
  '${OWNED}',
  'a[$(touch "$OWNED")]',
  '*',
  '~',
  '\\',
  '::error::x',
  'x: [y]',
  '$[[ inputs.job ]]',
  '--config-from=checkout',
];

/** Whether there is a file. */
export async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
