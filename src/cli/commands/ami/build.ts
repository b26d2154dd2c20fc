import { openImageBuilderEc2 } from '../../../ami/aws/image-builder-ec2.ts';
import { openEc2 } from '../../../ami/aws/ec2.ts';
import { buildImage, imageOfRun, type BuiltImage } from '../../../ami/build/image-build.ts';
import { planImage, planLines, type ImagePlan } from '../../../ami/build/image-plan.ts';
import { packerTemplate } from '../../../ami/packer/template.ts';
import { imageKey } from '../../../ami/buildkite/pipelines.ts';
import { warmthTag } from '../../../ami/warm/warmth.ts';
import { openBuildServices } from '../../../image-step/build-services.ts';
import { setMetaData } from '../../../buildkite/meta-data.ts';
import { isCommitSha, type CommitSha } from '../../../context/context.ts';
import { openAws } from '../../../platform/aws.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import {
  type CommandSpec,
  type Input,
  type Option,
  type CommandOutcome,
  flag,
  textOption,
} from '../../command.ts';
import { loadConfiguration } from '../../loaded.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily, type OpenFamily } from './family.ts';

/** For commands that build an image. */
export const BUILD_OPTIONS: readonly Option[] = [
  {
    flags: '--run <id>',
    help: 'id of this run (default: BUILDKITE_BUILD_ID); a rerun takes the image that is there',
  },
  {
    flags: '--commit <sha>',
    help: 'warm with the build of this commit (default: that of the trusted latest image)',
  },
  {
    flags: '--bake-config <file>',
    help: 'the bake config artifact of that build, for runs outside of Buildkite',
  },
  {
    flags: '--source <url>',
    help: 'where git fetches the source from (default: https:// and the repository)',
  },
  {
    flags: '--packer <program>',
    help: 'Packer to use (default: the one on PATH, else a pinned release is fetched)',
  },
];

/** `warmbake ami build`: make, warm and prove an image. */
export const amiBuildCommand: CommandSpec = {
  description:
    "Build a machine image with Packer, fill its BuildKit store with the trusted branch's layers, and prove that a build without imports then executes nothing and pulls nothing. Below the bar there is no image. The image is a candidate: no stack runs it.",
  options: [...FAMILY_OPTIONS, ...BUILD_OPTIONS, DRY_RUN_OPTION],
  examples: [
    'warmbake ami build',
    'warmbake ami build --run trial-1 --bake-config bake-config-build-812.json',
  ],
  run: amiBuild,
};

async function amiBuild(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const made = await makeImage(host, input, open);
  const { key } = open.family;
  if ('plan' in made)
    return { json: { family: key, plan: made.plan }, text: `${planLines(made.plan).join('\n')}\n` };
  await setMetaData(host, imageKey(open.family), made.built.image.id);
  return { json: { family: key, ...builtDocument(made.built) }, text: builtText(made.built) };
}

/** A built image in the JSON document. */
export function builtDocument({ image, reused, warmth }: BuiltImage): Readonly<Record<string, unknown>> {
  return { image: image.id, name: image.name, reused, ...(warmth === undefined ? {} : { warmth }) };
}

/** A built image as one line. */
export function builtText({ image, warmth }: BuiltImage): string {
  return `${image.id}  ${image.name}  ${warmth === undefined ? 'made by an earlier try' : warmthTag(warmth)}\n`;
}

/** What came of it: an image, or only its plan where `--dry-run` is given. */
export type Made = { readonly built: BuiltImage } | { readonly plan: ImagePlan };

/** Builds the image of this run, or takes the one that an earlier try has made. */
export async function makeImage(host: Host, input: Input, { family, account }: OpenFamily): Promise<Made> {
  const run = runId(host, input);
  const imageBuilder = openImageBuilderEc2(openEc2(openAws(host, family.region)));
  const dryRun = flag(input, 'dryRun');
  if (!dryRun) {
    const built = await imageOfRun(host, { account, imageBuilder, family }, run);
    if (built !== undefined) return { built };
  }
  const { settings } = await loadConfiguration(host, input);
  const services = await openBuildServices(host, settings);
  try {
    const commit = commitOption(input);
    const plan = await planImage(host, {
      account,
      imageBuilder,
      registry: services.registry,
      settings,
      family,
      run,
      ...(commit === undefined ? {} : { commit }),
    });
    if (dryRun) return { plan };
    for (const text of planLines(plan)) host.emit({ type: 'line', text });
    const bakeConfig = textOption(input, 'bakeConfig');
    const source = textOption(input, 'source');
    const program = textOption(input, 'packer');
    const built = await buildImage(host, plan, {
      services,
      account,
      imageBuilder,
      family,
      template: await packerTemplate(host),
      packer: program === undefined ? {} : { program },
      ...(bakeConfig === undefined ? {} : { bakeConfig }),
      ...(source === undefined ? {} : { source }),
    });
    return { built };
  } finally {
    await services.login.remove();
  }
}

function runId(host: Host, input: Input): string {
  const run = textOption(input, 'run') ?? host.env['BUILDKITE_BUILD_ID'];
  // It becomes part of names and tags in AWS.
  if (run !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(run)) return run;
  const message = run === undefined ? 'this run has no id' : `'${run}' is no id of a run`;
  throw new WarmbakeError('usage', 'bad-run', message, {
    hint: 'outside of Buildkite give one with --run: letters, digits, ., _ and -; the same one again after a failure',
  });
}

function commitOption(input: Input): CommitSha | undefined {
  const commit = textOption(input, 'commit');
  if (commit === undefined || isCommitSha(commit)) return commit;
  throw new WarmbakeError(
    'usage',
    'bad-commit',
    `'${commit}' is no full commit id (40 lower-case hex digits)`,
  );
}
