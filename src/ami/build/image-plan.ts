import type { FamilySettings } from '../../config/families.ts';
import type { Settings, TargetSettings } from '../../config/settings.ts';
import type { CommitSha } from '../../ci/commit-sha.ts';
import { referenceName } from '../../registry/reference.ts';
import type { Registry } from '../../registry/registry.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { findBaseImage, type BaseImage } from './base-image.ts';
import { findBuildNetwork, type BuildNetwork } from './build-network.ts';
import { imageNamePrefix } from '../model/machine-image.ts';
import { TAG, type Tags } from '../model/tags.ts';
import {
  closestDonor,
  findTargetCaches,
  foundNames,
  importLines,
  nothingToWarmFrom,
  type TargetCaches,
} from '../warm/donor.ts';
import { findWarmSubject, type WarmSubject } from '../warm/subject.ts';
import type { ImageBuilderEc2 } from '../model/image-builder-ec2.ts';

/** Everything that decides about an image before a machine is started. */
export interface ImagePlan {
  readonly run: string;
  /** Family's prefix and the time, 14 digits. */
  readonly name: string;
  readonly base: BaseImage;
  readonly network: BuildNetwork;
  readonly subject: WarmSubject;
  /** What each configured target can be warmed from; what groups and matrices stand for says the artifact, later. */
  readonly caches: readonly TargetCaches[];
  /** moby/buildkit by digest. */
  readonly buildkit: string;
  /** Which Packer makes it, in a phrase. */
  readonly packer: string;
  readonly tags: Tags;
}

/** What the plan rests on. */
export interface ImagePlanInputs {
  readonly account: Account;
  readonly imageBuilder: ImageBuilderEc2;
  readonly registry: Registry;
  readonly settings: Settings;
  readonly family: FamilySettings;
  readonly run: string;
  readonly packer: string;
  /** Another build than that of the trusted `latest`. */
  readonly commit?: CommitSha;
}

/** Plans an image. Asks all sources side by side; changes nothing. Throws what the first of them that fails throws. */
export async function planImage(host: Host, inputs: ImagePlanInputs): Promise<ImagePlan> {
  const { account, imageBuilder, registry, settings, family, run, commit } = inputs;
  const target = warmedTarget(settings, family);
  const buildkit = settings.builder.image;
  if (buildkit === undefined) {
    throw new WarmbakeError(
      'config',
      'no-buildkit-image',
      'builder.image is not set: a machine image needs it',
      {
        hint: 'name moby/buildkit with its digest',
      },
    );
  }
  const facts = {
    ...imageBuilder,
    parameter: async (name: string) => (await account.parameters.get(name))?.value,
  };
  const [base, network, subject] = await Promise.all([
    findBaseImage(host, family),
    findBuildNetwork(facts, family),
    findWarmSubject(registry, target, {
      settings: { images: settings.images, annotations: settings.bake.annotations },
      ...(commit === undefined ? {} : { commit }),
    }),
  ]);
  const question = { cache: settings.cache, commit: subject.commit, targets: settings.targets };
  const caches = await findTargetCaches(host, registry, question);
  const own = caches.find((each) => each.target === target.name);
  if (own !== undefined && closestDonor(own.sources) === undefined) {
    host.emit({ type: 'warning', warning: nothingToWarmFrom(own) });
  }
  return {
    run,
    name: `${imageNamePrefix(family)}${digitsOf(host.clock.now())}`,
    base,
    network,
    subject,
    caches,
    buildkit,
    packer: inputs.packer,
    tags: {
      [TAG.family]: family.key,
      [TAG.run]: run,
      [TAG.commit]: subject.commit,
      [TAG.build]: subject.buildNumber,
      [TAG.base]: base.image,
    },
  };
}

/** The configured target that a family is warmed with. */
export function warmedTarget(settings: Pick<Settings, 'targets'>, family: FamilySettings): TargetSettings {
  const target = settings.targets.find(({ name }) => name === family.warm.target);
  if (target !== undefined) return target;
  const names = settings.targets.map(({ name }) => name).join(', ');
  throw new WarmbakeError(
    'config',
    'unknown-warm-target',
    `ami.${family.key}.warm.target is '${family.warm.target}'; targets are ${names}`,
  );
}

/** Lines that tell people what is planned. */
export function planLines({
  name,
  run,
  base,
  network,
  subject,
  caches,
  buildkit,
  packer,
}: ImagePlan): readonly string[] {
  return [
    `image     ${name}, run ${run}`,
    `base      ${base.image} (Elastic CI stack ${base.stack})`,
    `network   ${network.securityGroup}, ${network.subnet} in ${network.vpc}`,
    `warm with ${referenceName(subject.image)}@${subject.image.digest}`,
    `          build ${subject.buildNumber} (${subject.buildId}), commit ${subject.commit}`,
    ...importLines(caches),
    `buildkit  ${buildkit}`,
    `packer    ${packer}`,
  ];
}

/** The plan as JSON. */
export function imagePlanDocument({ caches, ...plan }: ImagePlan): object {
  return { ...plan, imports: Object.fromEntries(caches.map((each) => [each.target, foundNames(each)])) };
}

/** `20260821110342`, in UTC. */
function digitsOf(time: Date): string {
  return time.toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
