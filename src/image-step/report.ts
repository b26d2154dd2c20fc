import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { keepGroups } from '../bake/kept-groups.ts';
import { portableDefinition } from '../bake/portable.ts';
import { buildkiteAgent } from '../buildkite/agent.ts';
import type { TargetSettings } from '../config/settings.ts';
import type { BuildServices } from './build-services.ts';
import { annotationOf, type BuildResult } from './result.ts';

/** What is told of a build. */
export interface ReportedBuild extends Pick<BuildResult, 'outcome' | 'targets' | 'warnings'> {
  readonly plan: Pick<BuildResult['plan'], 'context' | 'definition' | 'groups' | 'switches'> & {
    readonly targets: readonly { readonly settings: Pick<TargetSettings, 'name' | 'lane' | 'variantOf'> }[];
  };
}

/** Uploads what bake resolved (only of a build that stands) and annotates the step. */
export async function report({ host }: Pick<BuildServices, 'host'>, result: ReportedBuild): Promise<void> {
  const agent = buildkiteAgent(host);
  const { build } = result.plan.context;
  if (build === undefined) return;

  async function upload(number: string): Promise<void> {
    if (result.outcome === 'failed') return;
    const definition = keepGroups(result.plan.definition, result.plan.groups);
    const text = `${JSON.stringify(portableDefinition(definition), undefined, 2)}\n`;
    // A step that uploads a name twice has two artifacts of it, and who downloads it is refused.
    const lanes = new Set(
      result.plan.targets
        // In another compression the definition is the same.
        .filter(({ settings }) => settings.variantOf === undefined)
        .map(({ settings: { lane } }) => (lane === '' ? '' : `-${lane}`)),
    );
    const uploads = [...lanes].map(async (lane) => {
      const file = path.join(host.scratch, `bake-config-build-${number}${lane}.json`);
      await writeFile(file, text);
      await agent.uploadArtifact(file);
    });
    await Promise.all(uploads);
  }

  async function annotate(stepKey: string | undefined): Promise<boolean> {
    const style = result.outcome === 'failed' ? 'error' : result.warnings.length > 0 ? 'warning' : 'info';
    const context = `warmbake-${stepKey ?? result.plan.targets.map((t) => t.settings.name).join('-')}`;
    return await agent.annotate(context, style, annotationOf(result));
  }

  const told = result.warnings.length;
  // Beside each other: each call of the agent is a process that talks to Buildkite.
  const [isMade] = await Promise.all([annotate(build.stepKey), upload(build.number)]);
  // What failed beside it is told too; an annotation that could not be made is not tried again.
  if (result.warnings.length > told && isMade) await annotate(build.stepKey);
}
