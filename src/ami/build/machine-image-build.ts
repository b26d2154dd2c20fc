import path from 'node:path';
import type { BuildServices } from '../../image-step/build-services.ts';
import type { FamilySettings } from '../../config/families.ts';
import { messageOf, WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import { freePort } from '../../platform/free-port.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { finishImage } from './image-finish.ts';
import { warmedTarget, type ImagePlan } from './image-plan.ts';
import { belongsTo, imageNamePrefix, runOf, type MachineImage } from '../model/machine-image.ts';
import { installPlugin, type PluginChoice } from '../packer/plugin.ts';
import { findPacker, type PackerChoice } from '../packer/program.ts';
import { PACKER_WITHOUT_SSH, runPacker, type PackerVariables } from '../packer/run.ts';
import { TAG } from '../model/tags.ts';
import { type WarmLayers, warmLayers } from '../warm/layers.ts';
import { prepareWarmPlans, type WarmPlans } from '../warm/prepare.ts';
import { openTunnelledGateway } from '../warm/tunnelled-gateway.ts';
import type { Warmth } from '../warm/warmth.ts';
import { warmStages } from './warm-stages.ts';
import { keyPairName, leftoversToSweep, type ImageBuilderEc2 } from '../model/image-builder-ec2.ts';

/** What building an image works with. */
export interface MachineImageBuild {
  readonly services: BuildServices;
  readonly account: Account;
  readonly imageBuilder: ImageBuilderEc2;
  readonly family: FamilySettings;
  /** `packer/cpu` of this package. */
  readonly template: string;
  readonly packer: PackerChoice;
  /** Default: the pinned release. */
  readonly plugin?: PluginChoice;
  /** A file in place of the artifact, for runs outside of Buildkite. */
  readonly bakeConfig?: string;
  /** Where the source is fetched from; default: the repository of the configuration over HTTPS. */
  readonly source?: string;
}

/** An image, and how it came about. */
export interface BuiltImage {
  readonly image: MachineImage;
  /** True where an earlier try of the same run had made it. */
  readonly reused: boolean;
  /** Absent where the image is reused. */
  readonly warmth?: Warmth;
}

/** Building takes half an hour, the snapshot as long again; a run that takes longer is stuck. Milliseconds. */
export const BUILD_DEADLINE_MS = 2 * 3_600_000;

/** The image that an earlier try of this run has made; finished where that try did not get so far. */
export async function imageOfRun(
  host: Host,
  build: Pick<MachineImageBuild, 'account' | 'imageBuilder' | 'family'>,
  run: string,
): Promise<BuiltImage | undefined> {
  const { account, imageBuilder, family } = build;
  const images = await account.images.list(imageNamePrefix(family));
  const image = images.find(
    (one) =>
      runOf(one) === run && belongsTo(one, family) && ['available', 'pending'].includes(one.availability),
  );
  if (image === undefined) return undefined;
  if (image.tags[TAG.state] !== undefined) return { image, reused: true };
  // Packer makes an image only after the proof, so this one is warm.
  warn(
    host.emit,
    'warmth-lost',
    `${image.id} was proved by an earlier try of this run, its numbers are lost`,
  );
  // Nor has it its tags where Packer was killed between the two requests: its description told whose it is.
  const tags = { [TAG.family]: family.key, [TAG.run]: run };
  return { image: await finishImage(host, image.id, { account, imageBuilder, family, tags }), reused: true };
}

/**
 * Makes, warms and proves the image of `plan`. Nothing that costs is left behind: what an earlier try has left is taken away
 * first, and what this one leaves when it fails at once. Throws what the step that failed throws.
 */
export async function buildImage(host: Host, plan: ImagePlan, build: MachineImageBuild): Promise<BuiltImage> {
  const { account, imageBuilder, services, family } = build;
  await sweep(host, plan.run, build);
  host.emit({ type: 'section', title: 'Preparing the warm build' });
  const target = warmedTarget(services.settings, family);
  const plans = await prepareWarmPlans(host, {
    ...build,
    subject: plan.subject,
    target,
    caches: plan.caches,
  });
  const packer = await findPacker(host, build.packer);
  const pluginEnvironment = await installPlugin(host, packer, build.plugin);
  const port = await freePort();
  const layers = await openLayers(host, plans, {
    build,
    warmed: [target.name, ...plans.further.map((f) => f.target)],
  });
  const options = { docker: services.docker, ...family.warm };
  const stages = warmStages(host, { plans, target: target.name, layers, options, port });
  host.emit({ type: 'section', title: `Building ${plan.name} with Packer ${packer.version.join('.')}` });
  const began = host.clock.now().getTime();
  try {
    const id = await runWithTunnels(
      host,
      layers,
      async (tunnels) =>
        await runPacker(host, {
          packer,
          template: path.join(build.template, 'cpu.pkr.hcl'),
          region: family.region,
          pluginEnvironment,
          variables: { ...variablesOf(host, plan, { build, port }), gateway_tunnels: tunnels },
          deadlineMs: BUILD_DEADLINE_MS,
          stages,
        }),
    );
    const warmth = stages.warmth();
    const seconds = Math.round((host.clock.now().getTime() - began) / 1000);
    host.emit({ type: 'section', title: `Finishing ${id}` });
    const image = await finishImage(host, id, {
      account,
      imageBuilder,
      family,
      tags: { [TAG.buildSeconds]: String(seconds) },
      ...(warmth === undefined ? {} : { warmth }),
    });
    return { image, reused: false, ...(warmth === undefined ? {} : { warmth }) };
  } catch (error) {
    await sweep(host, plan.run, build).catch((left: unknown) =>
      warn(
        host.emit,
        'leftovers-left',
        `the next run has to take away what this one left: ${messageOf(left)}`,
      ),
    );
    throw error;
  } finally {
    await layers.close();
  }
}

/** All caches of the targets that are warmed, as one where that can be. */
async function openLayers(
  host: Host,
  { caches }: Pick<WarmPlans, 'caches'>,
  { build, warmed }: { readonly build: MachineImageBuild; readonly warmed: readonly string[] },
): Promise<WarmLayers> {
  const wanted = warmed.flatMap((name) => caches.filter(({ target }) => target === name));
  const gateway = await openTunnelledGateway(host, build.services.registry, wanted);
  return warmLayers(host, caches, gateway);
}

/** Runs Packer, once more without tunnels where it does not get on to the machine: it does not tell a refused one from that. */
async function runWithTunnels<T>(
  host: Host,
  layers: WarmLayers,
  run: (tunnels: readonly string[]) => Promise<T>,
): Promise<T> {
  try {
    return await run(layers.tunnels);
  } catch (error) {
    host.signal.throwIfAborted();
    if (layers.tunnels.length === 0 || !isWithoutSsh(error)) throw error;
    const because =
      'Packer did not get on to the machine; its sshd may refuse reverse tunnels (AllowTcpForwarding)';
    await layers.leave({ kind: 'not-imported', because });
    return await run([]);
  }
}

function isWithoutSsh(error: unknown): boolean {
  return error instanceof WarmbakeError && error.code === PACKER_WITHOUT_SSH;
}

function variablesOf(
  host: Host,
  plan: ImagePlan,
  { build, port }: { readonly build: MachineImageBuild; readonly port: number },
): PackerVariables {
  const { family, services } = build;
  const { base, network, subject, run } = plan;
  const endpoint = host.env['AWS_ENDPOINT_URL_EC2'] ?? host.env['AWS_ENDPOINT_URL'];
  return {
    region: family.region,
    source_ami: base.image,
    security_group_id: network.securityGroup,
    subnet_id: network.subnet,
    image_name: plan.name,
    run,
    key_pair_name: keyPairName(family.key, run),
    tags: plan.tags,
    tunnel_port: port,
    buildkit_image: plan.buildkit,
    kms_key_id: family.encryptionKey ?? '',
    // Of what builds may have, BuildKit asks its own settings for these.
    entitlements: services.settings.bake.permit.flatMap((name) =>
      /^(?:ssh|proxy)=/.test(name) ? [] : [name.replace(/^device=.*/, 'device')],
    ),
    marker: services.settings.marker,
    marker_text: [
      `AMI_COMMIT=${subject.commit}`,
      `AMI_BUILD=${subject.buildNumber}`,
      `AMI_BASE=${base.image}`,
      `AMI_RUN=${run}`,
    ].join('\n'),
    // Packer does not read the SDKs' variables for endpoints.
    ...(endpoint === undefined ? {} : { custom_endpoint_ec2: endpoint, skip_checks: true }),
  };
}

async function sweep(host: Host, run: string, { imageBuilder, family }: MachineImageBuild): Promise<void> {
  const leftovers = leftoversToSweep(await imageBuilder.leftovers(family.key), {
    run,
    now: host.clock.now(),
  });
  for (const leftover of leftovers) {
    host.emit({ type: 'line', text: `taking away ${leftover.kind} ${leftover.id} of run ${leftover.run}` });
    await imageBuilder.remove(leftover);
  }
}
