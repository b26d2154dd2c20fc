import { rebuildPipeline, watchPipeline } from '../../../ami/buildkite/pipelines.ts';
import { warn } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import type { CommandSpec, Input, CommandOutcome } from '../../command.ts';
import { PIPELINE_OPTIONS, pipelineSource, putPipelines, changesPipelines } from './pipeline-file.ts';

/** `warmbake pipeline rebuild-ami`: the Buildkite pipelines of the daily job and of its watch. */
export const pipelineRebuildAmiCommand: CommandSpec = {
  description:
    'Write two Buildkite pipelines: one that builds and releases a machine image, for a daily schedule, and a small one that fails when the image is old or stacks do not run it.',
  options: PIPELINE_OPTIONS,
  examples: ['warmbake pipeline rebuild-ami --out .buildkite', 'warmbake pipeline rebuild-ami --check'],
  changesShared: changesPipelines,
  run: pipelineRebuildAmi,
};

async function pipelineRebuildAmi(host: Host, input: Input): Promise<CommandOutcome> {
  const source = await pipelineSource(host, input);
  const { key, notify } = source.family;
  if (notify.length === 0) {
    warn(host.emit, 'nobody-notified', `ami.${key}.alarm.notify is empty: nobody hears of a failed job`);
  }
  return await putPipelines(host, input, {
    command: 'pipeline rebuild-ami',
    directory: source.directory,
    family: source.family.key,
    pipelines: {
      [`rebuild-${key}-ami.yaml`]: rebuildPipeline(source),
      [`watch-${key}-ami.yaml`]: watchPipeline(source),
    },
  });
}
