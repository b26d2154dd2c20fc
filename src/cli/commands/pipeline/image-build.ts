import path from 'node:path';
import { chooseTargets } from '../../../build/choose-targets.ts';
import { imagePipeline } from '../../../buildkite/image-pipeline.ts';
import { loadSettings } from '../../../config/load.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import {
  CONFIG_OPTION,
  type CommandSpec,
  type Input,
  type Outcome,
  flag,
  textOption,
} from '../../command.ts';
import { pipelineFileText, putPipeline } from '../../pipeline-file.ts';

const COMMAND = 'warmbake pipeline image-build';

/** A cold build of everything takes hours; a lost one ends some day. */
const TIMEOUT_MINUTES = '600';

/** `warmbake pipeline image-build`: the Buildkite steps that build images. */
export const pipelineImageBuildCommand: CommandSpec = {
  name: 'pipeline image-build',
  args: '[target...]',
  summary: 'write the Buildkite pipeline that builds images, or check it',
  description:
    'Write a Buildkite pipeline with one image-build step a target: one line of shell, one more try where the agent was lost or an outside service failed, a timeout. All configured targets unless some are named.',
  options: [
    CONFIG_OPTION,
    {
      flags: '--queue <queue>',
      help: "queue of the steps (default: the cluster's); $NAME is filled in at upload",
    },
    { flags: '--program <command>', help: 'how the steps start this tool (default: warmbake)' },
    { flags: '--timeout <minutes>', help: `of each step (default: ${TIMEOUT_MINUTES})` },
    { flags: '--out <file>', help: 'where to (default: image-build.yaml beside the configuration)' },
    { flags: '--check', help: 'write nothing; exit 1 where the file differs' },
  ],
  examples: [
    `${COMMAND} --queue '$IMAGE_BUILD_QUEUE' --program 'sh ci/warmbake.sh'`,
    `${COMMAND} --out .buildkite/image-build.yaml --check`,
  ],
  run: pipelineImageBuild,
};

async function pipelineImageBuild(host: Host, input: Input): Promise<Outcome> {
  const option = textOption(input, 'config');
  const loaded = await loadSettings(host, option === undefined ? {} : { config: option });
  const { settings, families, file } = loaded;
  const queue = textOption(input, 'queue');
  const targets = input.args.length === 0 ? settings.targets : chooseTargets(settings.targets, input.args);
  const pipeline = imagePipeline(targets, {
    families,
    config: path.relative(host.cwd, file),
    program: textOption(input, 'program') ?? 'warmbake',
    ...(queue === undefined ? {} : { queue }),
    timeoutMinutes: minutes(textOption(input, 'timeout') ?? TIMEOUT_MINUTES),
  });
  const out = textOption(input, 'out') ?? path.join(path.dirname(file), 'image-build.yaml');
  const options = { command: COMMAND, check: flag(input, 'check') };
  const put = await putPipeline(path.resolve(host.cwd, out), pipeline, options);
  return {
    json: { ...put },
    text: pipelineFileText(put, host.cwd, COMMAND),
    exitCode: put.state === 'differs' ? 1 : 0,
  };
}

function minutes(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new WarmbakeError('usage', 'bad-timeout', `--timeout is '${text}'; it must be minutes`);
}
