import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAccount } from '../../../src/ami/aws/account.ts';
import { openEc2 } from '../../../src/ami/aws/ec2.ts';
import { openImageBuilderEc2 } from '../../../src/ami/aws/image-builder-ec2.ts';
import type { MachineImageBuild } from '../../../src/ami/build/machine-image-build.ts';
import type { ImagePlanInputs } from '../../../src/ami/build/image-plan.ts';
import type { PluginChoice } from '../../../src/ami/packer/plugin.ts';
import { sha256Of } from '../../../src/ami/packer/pinned-file.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { openBuildServices } from '../../../src/image-step/build-services.ts';
import { openAws } from '../../../src/platform/aws.ts';
import { type FixtureHost, openHost } from '../../registry/fixture-host.ts';
import type { Engine } from '../../../parts/engine.ts';
import { findParts } from '../../../parts/find.ts';
import { findNewest, type PackerPrograms } from '../../../parts/newest.ts';
import { findMoto, MOTO_CREDENTIALS, startMoto, type SeededImage } from '../../../parts/moto/server.ts';
import { need } from '../../../parts/part.ts';
import { PROJECT } from '../../../parts/project.ts';
import type { Registry } from '../../../parts/registry.ts';
import { FAMILY } from '../family.ts';
import { storedZip } from '../packer/stored-zip.ts';
import { pushBuildkitImage } from '../../../parts/instance/buildkit-image.ts';
import { type Machine, type MachineOptions, startMachine } from '../../../parts/instance/machine.ts';
import { useFront } from '../../../parts/moto/fleet.ts';
import { type Front, startFront } from '../../../parts/moto/front.ts';
import { furnisher } from '../../../parts/moto/furnish.ts';
import { buildProject, TARGET, type WarmProject } from '../warm/warm-project.ts';

/** Must be found nowhere. */
export const SECRET = 'correct-horse-battery-staple';

export const BASE_AMI = 'ami-0123456789abcdef0';

/** All real parts of an image build: registry, builds, AWS, and the machine that AWS would launch. */
export interface Workbench extends AsyncDisposable {
  readonly host: FixtureHost;
  /** The configuration file. */
  readonly config: string;
  readonly project: WarmProject;
  readonly machine: Machine;
  readonly front: Front;
  readonly furnish: ReturnType<typeof furnisher>;
  readonly build: MachineImageBuild;
  readonly planning: Omit<ImagePlanInputs, 'run'>;
  /** Another machine for the next run: after an image was made, nobody gets on to the first one any more. */
  nextMachine(options?: MachineOptions): Promise<Machine>;
}

/** What a workbench starts with. */
export interface WorkbenchOptions {
  /** Prefix of what it keeps in the registry. */
  readonly repository: string;
  /** Images that are there already, besides the base. */
  readonly images?: readonly SeededImage[];
  /** Builds with the newest Packer, and the newest plugin as a release of it; default: the one of the machine or Debian's. */
  readonly newest?: boolean;
}

/** Starts everything. Throws `PartMissing` where a part cannot be had. */
export async function openWorkbench(
  engine: Engine,
  registry: Registry,
  { repository, images = [], newest = false }: WorkbenchOptions,
): Promise<Workbench> {
  const atEnd: (() => unknown)[] = [];
  const programs = newest ? need('the newest Packer', (await findNewest(process.env)).packer) : undefined;
  const packer = programs?.packer ?? need('packer', (await findParts(process.env)).packer);
  need('moto', await findMoto(process.env));

  const project = await buildProject(engine, registry, repository);
  atEnd.push(async () => await project.remove());
  const base = { ami_id: BASE_AMI, name: 'base', creation_date: '2026-01-01T00:00:00.000Z' };
  const moto = await startMoto([base, ...images]);
  atEnd.push(moto.stop);
  const front = await startFront(moto);
  atEnd.push(front.stop);
  const furnish = furnisher(moto.url);
  await furnish.addNetwork(FAMILY.network);

  const release = programs === undefined ? undefined : await pluginRelease(programs);
  const opened = await openHost({
    env: {
      ...engine.env,
      ...MOTO_CREDENTIALS,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_ENDPOINT_URL: front.url,
    },
  });
  atEnd.push(async () => await opened[Symbol.asyncDispose]());
  const host = release === undefined ? opened : { ...opened, fetch: release.fetch };
  await mkdir(host.scratch, { recursive: true });
  const nextMachine = async (options?: MachineOptions): Promise<Machine> => {
    const machine = await startMachine(options);
    atEnd.push(machine.stop);
    Object.assign(host.env, machine.variables);
    return machine;
  };
  const machine = await nextMachine();
  // The SDK reads the environment of its process.
  useFront(front);
  atEnd.push(() => {
    for (const name of ['AWS_ENDPOINT_URL', ...Object.keys(MOTO_CREDENTIALS)])
      Reflect.deleteProperty(process.env, name);
  });

  const template = join(host.home, 'stack.yml');
  await writeFile(template, `Mappings:\n  AWSRegion2AMI:\n    us-east-1: { linuxamd64: ${BASE_AMI} }\n`);
  const image = await pushBuildkitImage(engine, registry, repository);
  const config = join(host.home, 'warmbake.yaml');
  await writeFile(config, configuration({ host: registry.host, repository, image, template }));
  const { settings, families } = await loadSettings(host, { config });
  const family = families[0]!;
  const account = openAccount(host, 'us-east-1');
  const imageBuilder = openImageBuilderEc2(openEc2(openAws(host, 'us-east-1')));
  const services = await openBuildServices(host, settings);
  const bakeConfig = join(host.home, 'bake-config.json');
  await writeFile(bakeConfig, project.artifact);
  return {
    host,
    config,
    project,
    machine,
    front,
    furnish,
    planning: { account, imageBuilder, registry: services.registry, settings, family, packer },
    build: {
      services,
      account,
      imageBuilder,
      family,
      template: join(PROJECT, 'packer/cpu'),
      packer: { own: { program: packer, sha256: sha256Of(await readFile(packer)) } },
      ...(release === undefined ? {} : { plugin: release.choice }),
      bakeConfig,
      source: project.source,
    },
    nextMachine,
    [Symbol.asyncDispose]: async () => {
      for (const end of atEnd.toReversed()) await end();
    },
  };
}

/** The plugin as HashiCorp's site would have it: nothing else is answered otherwise. */
async function pluginRelease({ plugin, pluginVersion }: PackerPrograms): Promise<{
  readonly fetch: typeof globalThis.fetch;
  readonly choice: PluginChoice;
}> {
  const program = await readFile(plugin);
  const releases = 'http://releases.invalid';
  const name = `packer-plugin-amazon_v${pluginVersion}_x5.0_linux_${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
  return {
    fetch: async (input, init) =>
      input === `${releases}/v${pluginVersion}/${name}.zip`
        ? new Response(new Uint8Array(storedZip(name, program)))
        : await globalThis.fetch(input, init),
    choice: { releases, version: pluginVersion, sha256: sha256Of(program) },
  };
}

function configuration(of: Readonly<Record<'host' | 'repository' | 'image' | 'template', string>>): string {
  return `
repository: example.com/team/app
images: { registry: ${of.host}, trusted: ${of.repository}/image, untrusted: ${of.repository}/image-test }
cache: { registry: ${of.host}, trusted: ${of.repository}/cache, untrusted: ${of.repository}/cache-test }
bake:
  files: [docker-bake.hcl]
  perCommit: [COMMIT]
  annotations:
    buildNumber: app.build_number
    buildId: app.build_id
    revision: org.opencontainers.image.revision
targets:
  ${TARGET}: { target: test }
builder: { image: "${of.image}" }
marker: /etc/app-image
ami:
  cpu:
    name: ${FAMILY.name}
    region: ${FAMILY.region}
    parameter: ${FAMILY.parameter}
    network: { securityGroup: ${FAMILY.network.securityGroup}, subnet: ${FAMILY.network.subnet} }
    baseStack: ${of.template}
    warm: { target: ${TARGET}, step: image-build, minimumBytes: 10MB, longestStep: 60s }
    stacks: [${FAMILY.stacks.join(', ')}]
    canary: { stack: ${FAMILY.canary?.stack}, watch: 2m }
`;
}
