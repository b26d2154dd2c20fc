import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FamilySettings } from '../../../config/families.ts';
import { pipelineText } from '../../../init/buildkite-step.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import { writeOwnFile } from '../../../platform/own-file.ts';
import {
  CONFIG_OPTION,
  type Input,
  type Option,
  type CommandOutcome,
  flag,
  textOption,
} from '../../command.ts';
import { loadCheckout } from '../../loaded.ts';
import { chooseFamily, FAMILY_OPTION } from '../ami/family.ts';

/** Options of {@link putPipelines}. */
export const PUT_OPTIONS: readonly Option[] = [
  { flags: '--out <directory>', help: 'where to (default: beside the configuration)' },
  { flags: '--check', help: 'write nothing; exit 1 where a file differs' },
];

/** Options of every command that writes pipelines of a family. */
export const PIPELINE_OPTIONS: readonly Option[] = [CONFIG_OPTION, FAMILY_OPTION, ...PUT_OPTIONS];

/** Whether a call of such a command writes files. */
export const changesPipelines = (input: Input): boolean => !flag(input, 'check');

/** What pipelines of a family are written from. */
export interface PipelineSource {
  readonly family: FamilySettings;
  readonly queue: string;
  /** From the working directory. */
  readonly config: string;
  readonly trustedBranch: string;
  readonly directory: string;
}

/** Reads the configuration for a command that writes pipelines. Throws `config` where the family has no queue. */
export async function pipelineSource(host: Host, input: Input): Promise<PipelineSource> {
  const { families, file, settings } = await loadCheckout(host, input);
  const family = chooseFamily(families, { key: textOption(input, 'family'), file });
  const { key, queue } = family;
  if (queue === undefined) {
    throw new WarmbakeError(
      'config',
      'no-queue',
      `ami.${key}.queue is not set; name the Buildkite queue of the job`,
    );
  }
  const directory = path.resolve(host.cwd, textOption(input, 'out') ?? path.dirname(file));
  const { trustedBranch } = settings;
  return { family, queue, config: path.relative(host.cwd, file), trustedBranch, directory };
}

/** Writes the pipelines by the names of their files, or compares them with `--check`. */
export async function putPipelines(
  host: Host,
  input: Input,
  { command, directory, pipelines, ...told }: PipelineFiles,
): Promise<CommandOutcome> {
  const files = [];
  for (const [name, pipeline] of Object.entries(pipelines)) {
    const text = pipelineText(command, pipeline);
    const file = path.join(directory, name);
    files.push({ file, state: await put(file, text, { check: flag(input, 'check'), root: host.cwd }) });
  }
  const words = {
    unchanged: 'is up to date',
    written: 'written',
    differs: `differs from the configuration: run \`warmbake ${command}\``,
  };
  return {
    json: { ...told, files },
    text: files.map(({ file, state }) => `${path.relative(host.cwd, file)} ${words[state]}\n`).join(''),
    exitCode: files.some(({ state }) => state === 'differs') ? 1 : 0,
  };
}

interface PipelineFiles {
  /** The command that writes them. */
  readonly command: string;
  readonly directory: string;
  /** Key of the family that they are about; told in the document. */
  readonly family?: string;
  readonly pipelines: Readonly<Record<string, object>>;
}

async function put(
  file: string,
  text: string,
  { check, root }: { readonly check: boolean; readonly root: string },
): Promise<'unchanged' | 'written' | 'differs'> {
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return 'unchanged';
  if (check) return 'differs';
  await mkdir(path.dirname(file), { recursive: true });
  await writeOwnFile(file, text, { root, option: '--out' });
  return 'written';
}
