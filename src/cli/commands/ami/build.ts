import type { BuiltImage } from '../../../ami/build/machine-image-build.ts';
import { imagePlanDocument, planLines } from '../../../ami/build/image-plan.ts';
import { buildJob, type ImageRequest } from '../../../ami/jobs/build.ts';
import type { OwnPacker } from '../../../ami/packer/program.ts';
import { warmthTag } from '../../../ami/warm/warmth.ts';
import { isCommitSha, type CommitSha } from '../../../ci/commit-sha.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import {
  type CommandSpec,
  type Input,
  type Option,
  type CommandOutcome,
  flag,
  textOption,
  unlessDryRun,
} from '../../command.ts';
import { loadConfiguration } from '../../loaded.ts';
import { linePart } from '../../parts.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';

/** For commands that build an image. */
export const BUILD_OPTIONS: readonly Option[] = [
  {
    flags: '--run <id>',
    help: 'id of this run (default: that of the CI build); a rerun takes the image that is there',
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
    help: 'Packer of this machine to use (default: a pinned release is fetched)',
  },
  {
    flags: '--packer-checksum <digest>',
    help: "checksum of that program, without which it is not started; 'any' to start it as it is",
  },
];

/** `warmbake ami build`: make, warm and prove an image. */
export const amiBuildCommand: CommandSpec = {
  description:
    "Build a machine image with Packer, fill its BuildKit store with the trusted branch's layers, and prove that a build without imports then executes nothing and pulls nothing. Below the bar there is no image. The image is a candidate: no stack runs it.",
  options: [...FAMILY_OPTIONS, ...BUILD_OPTIONS, DRY_RUN_OPTION],
  examples: [
    'warmbake ami build',
    'warmbake ami build --packer packer --packer-checksum any',
    'warmbake ami build --run trial-1 --bake-config bake-config-build-812.json',
  ],
  changesShared: unlessDryRun,
  run: amiBuild,
};

async function amiBuild(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const { key } = open.family;
  const made = await buildJob(host, open, {
    ...buildRequest(host, input),
    dryRun: flag(input, 'dryRun'),
  });
  if ('plan' in made)
    return {
      json: { family: key, plan: imagePlanDocument(made.plan) },
      page: planLines(made.plan).map(linePart),
    };
  return { json: { family: key, ...builtDocument(made.built) }, page: [linePart(builtText(made.built))] };
}

/** What the command line says about the image to build. Throws `usage` where the commit is none. */
export function buildRequest(host: Host, input: Input): Omit<ImageRequest, 'dryRun'> {
  const run = textOption(input, 'run');
  const commit = commitOption(input);
  const bakeConfig = textOption(input, 'bakeConfig');
  const source = textOption(input, 'source');
  const packer = ownPacker(input);
  return {
    settings: async () => (await loadConfiguration(host, input)).settings,
    ...(run === undefined ? {} : { run }),
    ...(commit === undefined ? {} : { commit }),
    ...(bakeConfig === undefined ? {} : { bakeConfig }),
    ...(source === undefined ? {} : { source }),
    ...(packer === undefined ? {} : { packer }),
  };
}

/** Throws `usage` where the checksum is missing, or none. */
function ownPacker(input: Input): OwnPacker | undefined {
  const program = textOption(input, 'packer');
  const sha256 = textOption(input, 'packerChecksum');
  if (program === undefined && sha256 === undefined) return undefined;
  if (program !== undefined && sha256 !== undefined && /^(?:[0-9a-f]{64}|any)$/.test(sha256))
    return { program, sha256 };
  const message =
    program === undefined
      ? '--packer-checksum is of the program that --packer names'
      : sha256 === undefined
        ? `'${program}' is not started without its checksum`
        : `--packer-checksum '${sha256}' is no SHA-256`;
  throw new WarmbakeError('usage', 'bad-packer-checksum', message, {
    hint: "write --packer PROGRAM --packer-checksum and 64 hex digits, or 'any' to start it as it is",
  });
}

/** A built image in the JSON document. */
interface BuiltDocument extends Pick<BuiltImage, 'reused' | 'warmth'> {
  readonly image: string;
  readonly name: string;
}

/** What {@link BuiltDocument} says. */
export function builtDocument({ image, reused, warmth }: BuiltImage): BuiltDocument {
  return { image: image.id, name: image.name, reused, ...(warmth === undefined ? {} : { warmth }) };
}

/** A built image as one line. */
export function builtText({ image, warmth }: BuiltImage): string {
  return `${image.id}  ${image.name}  ${warmth === undefined ? 'made by an earlier try' : warmthTag(warmth)}`;
}

function commitOption(input: Input): CommitSha | undefined {
  const commit = textOption(input, 'commit');
  if (commit === undefined || isCommitSha(commit)) return commit;
  throw new WarmbakeError(
    'usage',
    'bad-commit',
    `'${commit}' is not a full commit id (40 lower-case hex digits)`,
  );
}
