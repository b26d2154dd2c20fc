import path from 'node:path';
import { chooseTargets } from '../../../image-step/choose-targets.ts';
import { asConfigured } from '../../../image-step/expand-targets.ts';
import { imagePipeline } from '../../../buildkite/image-pipeline.ts';
import { PIPELINE_MINUTES } from '../../../init/buildkite-step.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import {
  CONFIG_OPTION,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  textOption,
} from '../../command.ts';
import { loadCheckout } from '../../loaded.ts';
import { PUT_OPTIONS, putPipelines, changesPipelines } from './pipeline-file.ts';

/** A cold build of everything takes hours; a lost one ends some day. */
const TIMEOUT_MINUTES = String(PIPELINE_MINUTES);

/** `warmbake pipeline image-build`: the Buildkite steps that build images. */
export const pipelineImageBuildCommand: CommandSpec = {
  args: '[target...]',
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
    ...PUT_OPTIONS,
  ],
  examples: [
    "warmbake pipeline image-build --queue '$IMAGE_BUILD_QUEUE' --program 'sh ci/warmbake.sh'",
    'warmbake pipeline image-build --out .buildkite --check',
  ],
  changesShared: changesPipelines,
  run: pipelineImageBuild,
};

async function pipelineImageBuild(host: Host, input: Input): Promise<CommandOutcome> {
  const loaded = await loadCheckout(host, input);
  const { settings, families, file } = loaded;
  const queue = textOption(input, 'queue');
  const targets =
    input.args.length === 0 ? settings.targets : chooseTargets(asConfigured(settings), input.args);
  const pipeline = imagePipeline(targets, {
    families,
    config: path.relative(host.cwd, file),
    trustedBranch: settings.trustedBranch,
    program: textOption(input, 'program') ?? 'warmbake',
    ...(queue === undefined ? {} : { queue }),
    timeoutMinutes: minutes(textOption(input, 'timeout') ?? TIMEOUT_MINUTES),
  });
  return await putPipelines(host, input, {
    command: 'pipeline image-build',
    directory: path.resolve(host.cwd, textOption(input, 'out') ?? path.dirname(file)),
    pipelines: { 'image-build.yaml': pipeline },
  });
}

function minutes(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new WarmbakeError('usage', 'bad-timeout', `--timeout is '${text}'; it must be minutes`);
}
