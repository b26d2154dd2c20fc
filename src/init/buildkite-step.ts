import { imagePipeline } from '../buildkite/image-pipeline.ts';
import type { TargetSettings } from '../config/settings.ts';
import type { Draft } from './draft.ts';
import { type CiStep, ciYaml, withoutProgram } from './step.ts';

/** Minutes; `warmbake pipeline image-build` has the same default. */
export const PIPELINE_MINUTES = 600;

/** A pipeline as `command` writes it. */
export function pipelineText(command: string, pipeline: object): string {
  return `# Written by \`warmbake ${command}\`: change the configuration instead.\n${ciYaml(pipeline)}`;
}

/** Word for word what `warmbake pipeline image-build --out .buildkite` writes, so that its `--check` can watch over it. */
export function buildkiteStep(draft: Draft, targets: readonly TargetSettings[]): CiStep {
  const { file, trustedBranch, program } = draft;
  const pipeline = imagePipeline(targets, {
    families: [],
    config: file,
    trustedBranch: trustedBranch.value,
    program,
    timeoutMinutes: PIPELINE_MINUTES,
  });
  const given = program === 'warmbake' ? '' : ` --program '${program}'`;
  return {
    file: '.buildkite/image-build.yaml',
    text: pipelineText('pipeline image-build', pipeline),
    beside: [
      'start it in your pipeline: buildkite-agent pipeline upload .buildkite/image-build.yaml',
      `after a change of the configuration: warmbake pipeline image-build --out .buildkite${given}`,
      ...withoutProgram(program),
    ],
  };
}
