import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';

/** What became of a written pipeline. */
export interface PipelineFile {
  /** Absolute. */
  readonly file: string;
  readonly state: 'unchanged' | 'written' | 'differs';
}

/** Writes a pipeline as YAML where it differs from the file; with `check` it only looks. `command` writes it. */
export async function putPipeline(
  file: string,
  pipeline: object,
  { command, check }: { readonly command: string; readonly check: boolean },
): Promise<PipelineFile> {
  const yaml = stringify(pipeline, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true });
  const text = `# Written by \`${command}\`: change the configuration instead.\n${yaml}`;
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return { file, state: 'unchanged' };
  if (check) return { file, state: 'differs' };
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return { file, state: 'written' };
}

/** The file and its state for people. */
export function pipelineFileText({ file, state }: PipelineFile, cwd: string, command: string): string {
  const words = {
    unchanged: 'is up to date',
    written: 'written',
    differs: `differs from the configuration: run \`${command}\``,
  }[state];
  return `${path.relative(cwd, file)} ${words}\n`;
}
