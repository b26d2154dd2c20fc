import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { rebuildPipeline, watchPipeline, type Pipeline } from '../../../ami/pipelines.ts';
import { loadSettings } from '../../../config/load.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import { warn } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import {
  CONFIG_OPTION,
  type CommandSpec,
  type Input,
  type Outcome,
  flag,
  textOption,
} from '../../command.ts';
import { chooseFamily, FAMILY_OPTION } from '../ami/family.ts';

/** `warmbake pipeline rebuild-ami`: the Buildkite pipelines of the daily job and of its watch. */
export const pipelineRebuildAmiCommand: CommandSpec = {
  name: 'pipeline rebuild-ami',
  summary: 'write the Buildkite pipelines that rebuild an image and watch it, or check them',
  description:
    'Write two Buildkite pipelines: one that builds and brings out a machine image, for a daily schedule, and a small one that fails when the image is old or stacks do not run it.',
  options: [
    CONFIG_OPTION,
    FAMILY_OPTION,
    { flags: '--out <directory>', help: 'where to (default: beside the configuration)' },
    { flags: '--check', help: 'write nothing; exit 1 where a file differs' },
  ],
  examples: ['warmbake pipeline rebuild-ami --out .buildkite', 'warmbake pipeline rebuild-ami --check'],
  run: pipelineRebuildAmi,
};

async function pipelineRebuildAmi(host: Host, input: Input): Promise<Outcome> {
  const option = textOption(input, 'config');
  const { families, file } = await loadSettings(host, option === undefined ? {} : { config: option });
  const family = chooseFamily(families, { key: textOption(input, 'family'), file });
  const { key, queue } = family;
  if (queue === undefined) {
    throw new WarmbakeError(
      'config',
      'no-queue',
      `ami.${key}.queue is not set; name the Buildkite queue of the job`,
    );
  }
  if (family.notify.length === 0) {
    warn(host.emit, 'nobody-notified', `ami.${key}.alarm.notify is empty: nobody hears of a failed job`);
  }
  const settings = { family, queue, config: path.relative(host.cwd, file) };
  const directory = path.resolve(host.cwd, textOption(input, 'out') ?? path.dirname(file));
  const check = flag(input, 'check');
  const files = [
    await put(path.join(directory, `rebuild-${key}-ami.yaml`), rebuildPipeline(settings), { check }),
    await put(path.join(directory, `watch-${key}-ami.yaml`), watchPipeline(settings), { check }),
  ];
  return {
    json: { family: key, files },
    text: files.map(({ file: name, state }) => `${path.relative(host.cwd, name)} ${WORDS[state]}\n`).join(''),
    exitCode: files.some(({ state }) => state === 'differs') ? 1 : 0,
  };
}

const WORDS = {
  unchanged: 'is up to date',
  written: 'written',
  differs: 'differs from the configuration: run `warmbake pipeline rebuild-ami`',
} as const;

interface PipelineFile {
  readonly file: string;
  readonly state: keyof typeof WORDS;
}

async function put(
  file: string,
  pipeline: Pipeline,
  { check }: { readonly check: boolean },
): Promise<PipelineFile> {
  const text = `# Written by \`warmbake pipeline rebuild-ami\`: change the configuration instead.\n${stringify(pipeline, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true })}`;
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return { file, state: 'unchanged' };
  if (check) return { file, state: 'differs' };
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return { file, state: 'written' };
}
