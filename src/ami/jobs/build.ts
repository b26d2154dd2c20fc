import { runIdOf } from '../../ci/said.ts';
import { setMetaData } from '../../ci/report/meta-data.ts';
import { openReport } from '../../ci/report/open-report.ts';
import type { FamilySettings } from '../../config/families.ts';
import type { Settings } from '../../config/settings.ts';
import type { CommitSha } from '../../ci/commit-sha.ts';
import { openBuildServices } from '../../image-step/build-services.ts';
import { openAws } from '../../platform/aws.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { openEc2 } from '../aws/ec2.ts';
import { openImageBuilderEc2 } from '../aws/image-builder-ec2.ts';
import { buildImage, imageOfRun, type BuiltImage } from '../build/machine-image-build.ts';
import { planImage, planLines, type ImagePlan } from '../build/image-plan.ts';
import { imageKey } from '../buildkite/pipelines.ts';
import { type OwnPacker, packerText } from '../packer/program.ts';
import { packerTemplate } from '../packer/template.ts';
import type { OpenFamily } from './open-family.ts';

/** An image that somebody asks for. */
export interface ImageRequest {
  /** The configuration; asked for once no image of this run is there. */
  readonly settings: () => Promise<Settings>;
  /** Id of this run (default: that of the CI build); the same one again takes the image that is there. */
  readonly run?: string;
  /** Another build than that of the trusted `latest`. */
  readonly commit?: CommitSha;
  /** A file in place of the bake config artifact, for runs outside of Buildkite. */
  readonly bakeConfig?: string;
  /** Where the source is fetched from; default: the repository of the configuration over HTTPS. */
  readonly source?: string;
  /** A program of this machine in place of the pinned release. */
  readonly packer?: OwnPacker;
  /** Only plan. */
  readonly dryRun: boolean;
}

/** What came of it: an image, or only its plan. */
export type Made = { readonly built: BuiltImage } | { readonly plan: ImagePlan };

/**
 * Makes, warms and proves the image of this run, or takes the one that an earlier try has made; later steps of a Buildkite build
 * find its id in the meta-data, those of a GitHub job in the output `image-id`. Throws `usage` where the run has no id, and what the step that failed throws.
 */
export async function buildJob(
  host: Host,
  { family, account }: OpenFamily,
  request: ImageRequest,
): Promise<Made> {
  const { commit, bakeConfig, source, packer, dryRun } = request;
  const run = runId(host, request.run);
  const imageBuilder = openImageBuilderEc2(openEc2(openAws(host, family.region)));
  if (!dryRun) {
    const built = await imageOfRun(host, { account, imageBuilder, family }, run);
    if (built !== undefined) return await told(host, family, built);
  }
  const settings = await request.settings();
  const services = await openBuildServices(host, settings, { logins: 'own' });
  try {
    const { registry } = services;
    const chosen = packer === undefined ? {} : { own: packer };
    const wanted = { family, run, packer: packerText(chosen), ...(commit === undefined ? {} : { commit }) };
    const plan = await planImage(host, { account, imageBuilder, registry, settings, ...wanted });
    if (dryRun) return { plan };
    for (const text of planLines(plan)) host.emit({ type: 'line', text });
    const built = await buildImage(host, plan, {
      services,
      account,
      imageBuilder,
      family,
      template: await packerTemplate(host),
      packer: chosen,
      ...(bakeConfig === undefined ? {} : { bakeConfig }),
      ...(source === undefined ? {} : { source }),
    });
    return await told(host, family, built);
  } finally {
    await services.login.remove();
  }
}

async function told(host: Host, family: FamilySettings, built: BuiltImage): Promise<Made> {
  await setMetaData(host, imageKey(family), built.image.id);
  await openReport(host).setOutputs([['image-id', built.image.id]]);
  return { built };
}

function runId(host: Host, chosen: string | undefined): string {
  const run = chosen ?? runIdOf(host.env);
  // It becomes part of names and tags in AWS.
  if (run !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(run)) return run;
  const message = run === undefined ? 'this run has no id' : `'${run}' is not the id of a run`;
  throw new WarmbakeError('usage', 'bad-run', message, {
    hint: 'outside of CI give one with --run: letters, digits, ., _ and -; the same one again after a failure',
  });
}
