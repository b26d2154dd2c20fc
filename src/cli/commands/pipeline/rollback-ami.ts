import { rollbackPipeline } from '../../../ami/buildkite/rollback-pipeline.ts';
import type { Host } from '../../../platform/host.ts';
import type { CommandSpec, Input, CommandOutcome } from '../../command.ts';
import { PIPELINE_OPTIONS, pipelineSource, putPipelines, changesPipelines } from './pipeline-file.ts';

/** `warmbake pipeline rollback-ami`: the Buildkite pipeline for operators without AWS credentials. */
export const pipelineRollbackAmiCommand: CommandSpec = {
  description:
    'Write a Buildkite pipeline that asks for a reason and, if wanted, an image, and then goes back to it, or takes the last rollback back: for people without AWS credentials. It runs on the queue of the rebuild, which must not use the image that it repairs.',
  options: PIPELINE_OPTIONS,
  examples: ['warmbake pipeline rollback-ami --out .buildkite', 'warmbake pipeline rollback-ami --check'],
  changesShared: changesPipelines,
  run: async (host: Host, input: Input): Promise<CommandOutcome> => {
    const source = await pipelineSource(host, input);
    return await putPipelines(host, input, {
      command: 'pipeline rollback-ami',
      directory: source.directory,
      family: source.family.key,
      pipelines: { [`rollback-${source.family.key}-ami.yaml`]: rollbackPipeline(source) },
    });
  },
};
