import { access } from 'node:fs/promises';
import path from 'node:path';
import type { NewFile } from '../../init/new-file.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { type Input, textOption } from '../command.ts';
import { configurationSchema, PACKAGED_SCHEMA } from '../documents.ts';

/** The schema that the first line of a configuration names, for editors. */
export interface EditorSchema {
  /** From the folder of the configuration. */
  readonly reference: string;
  /** Absent where it is there by itself. */
  readonly written?: NewFile;
}

/**
 * That of the package where the project has installed it; else a file beside the configuration. No address on the web: nobody could promise
 * that something is there, let alone the same as this version's. Nothing with `--no-schema`.
 */
export async function editorSchema(
  { cwd: top }: Host,
  input: Input,
  { file, cwd }: { readonly file: string; readonly cwd: string },
): Promise<EditorSchema | undefined> {
  if (input.options['schema'] === false) return undefined;
  const folder = path.posix.dirname(file);
  const reference = (to: string): string => {
    const way = path.posix.relative(folder, to);
    return way.startsWith('../') ? way : `./${way}`;
  };
  const said = textOption(input, 'schema');
  const packaged = `node_modules/warmbake/dist/program/${PACKAGED_SCHEMA}`;
  if (said === undefined && (await isThere(path.join(top, packaged))))
    return { reference: reference(packaged) };
  const beside = path.join(top, folder, '.warmbake.schema.json');
  const to = pathInside(top, said === undefined ? beside : path.resolve(cwd, said), '--schema');
  return { reference: reference(to), written: { file: to, text: await configurationSchema() } };
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** The path of `file` (absolute) from `top`, `/` between its parts. Throws `usage` for one that is not below it. */
export function pathInside(top: string, file: string, option: string): string {
  const inside = path.relative(top, file);
  const isOut = inside === '' || inside === '..' || inside.startsWith(`..${path.sep}`);
  if (!isOut && !path.isAbsolute(inside)) return inside.split(path.sep).join('/');
  throw new WarmbakeError('usage', 'file-unusable', `${option}: '${file}' is not in the checkout ${top}`);
}
