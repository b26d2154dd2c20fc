import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { keepGroups } from '../bake/kept-groups.ts';
import { portableDefinition } from '../bake/portable.ts';
import { openReport } from '../ci/report/open-report.ts';
import type { TargetSettings } from '../config/settings.ts';
import type { BuildServices } from './build-services.ts';
import { outputsOf } from './outputs.ts';
import { annotationOf, type BuildResult } from './result.ts';

/** What is told of a build. */
export interface ReportedBuild extends Pick<BuildResult, 'outcome' | 'targets' | 'warnings'> {
  readonly plan: Pick<BuildResult['plan'], 'context' | 'definition' | 'groups' | 'switches'> & {
    readonly targets: readonly { readonly settings: Pick<TargetSettings, 'name' | 'lane' | 'variantOf'> }[];
  };
}

/** Tells the CI: uploads what bake resolved (only of a build that stands), gives outputs to later steps, and annotates the step. */
export async function report({ host }: Pick<BuildServices, 'host'>, result: ReportedBuild): Promise<void> {
  const ci = openReport(host);
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
      await ci.uploadArtifact(file);
    });
    await Promise.all(uploads);
  }

  async function annotate(stepKey: string | undefined): Promise<boolean> {
    const style = result.outcome === 'failed' ? 'error' : result.warnings.length > 0 ? 'warning' : 'info';
    const context = `warmbake-${stepKey ?? result.plan.targets.map((t) => t.settings.name).join('-')}`;
    return await ci.annotate(context, style, annotationOf(result));
  }

  await ci.setOutputs(outputsOf(result));
  if (ci.annotations !== 'replace') {
    await annotate(build.stepKey);
    return;
  }
  const told = result.warnings.length;
  // Beside each other: each call of the agent is a process that talks to Buildkite.
  const [isMade] = await Promise.all([annotate(build.stepKey), upload(build.number)]);
  // What failed beside it is told too; an annotation that could not be made is not tried again.
  if (result.warnings.length > told && isMade) await annotate(build.stepKey);
}
