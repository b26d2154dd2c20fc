import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { openAccount } from '../../src/ami/aws/account.ts';
import { openEc2 } from '../../src/ami/aws/ec2.ts';
import { openWorkshop } from '../../src/ami/aws/workshop.ts';
import type { ImageBuild } from '../../src/ami/image-build.ts';
import type { ImagePlanInputs } from '../../src/ami/image-plan.ts';
import { loadSettings } from '../../src/config/load.ts';
import { openDesk } from '../../src/build/desk.ts';
import { ACCEPT_MANIFESTS } from '../../src/image/media-types.ts';
import { openAws } from '../../src/platform/aws.ts';
import { fetchHandler } from '../../src/platform/aws-handler.ts';
import { type FixtureHost, openHost } from '../image/fixture-host.ts';
import { startBridge } from '../parts/bridge.ts';
import type { Engine } from '../parts/engine.ts';
import { findParts } from '../parts/find.ts';
import { findMoto, MOTO_CREDENTIALS, startMoto } from '../parts/moto.ts';
import { need } from '../parts/part.ts';
import { installedProgram } from '../parts/programs.ts';
import { PROJECT } from '../parts/project.ts';
import type { Registry } from '../parts/registry.ts';
import { FAMILY } from './family.ts';
import { startFreshEngine } from './fresh-engine.ts';
import { type Instance, startInstance } from './instance/instance.ts';
import { useFront } from './moto/fleet.ts';
import { type Front, startFront } from './moto/front.ts';
import { buildProject, TARGET, type WarmProject } from './warm-project.ts';

/** Must be found nowhere. */
export const SECRET = 'correct-horse-battery-staple';

export const BASE_AMI = 'ami-0123456789abcdef0';

/** All real parts of an image build: registry, builds, AWS, and the machine that AWS would launch. */
export interface Workbench extends AsyncDisposable {
  readonly host: FixtureHost;
  /** The configuration file. */
  readonly config: string;
  readonly project: WarmProject;
  readonly instance: Instance;
  readonly front: Front;
  readonly build: ImageBuild;
  readonly planning: Omit<ImagePlanInputs, 'run'>;
}

/** Starts everything; `repository` is the prefix of what it keeps in the registry. */
export async function openWorkbench(
  engine: Engine,
  registry: Registry,
  repository: string,
): Promise<Workbench> {
  const atEnd: (() => unknown)[] = [];
  const parts = await findParts(process.env);
  const packer = need('packer', parts.packer);
  const sshd = need('sshd', parts.sshd);
  const buildx = need('buildx', parts.buildx).plugin;
  need('moto', await findMoto(process.env));

  const project = await buildProject(engine, registry, repository);
  atEnd.push(async () => await project.remove());
  const fresh = await startFreshEngine();
  atEnd.push(async () => await fresh.stop());
  const bridge = await startBridge(fresh);
  atEnd.push(async () => await bridge.stop());
  // The port of the instance's loopback that its BuildKit listens on, and the address that it fetches buildx from.
  const buildkit = await listen(
    createServer((from) => splice(from, connect(bridge.socket))),
    atEnd,
  );
  const binary = await readFile(buildx);
  const files = await listen(
    createHttpServer((_, answer) => answer.end(binary)),
    atEnd,
  );

  const moto = await startMoto([
    { ami_id: BASE_AMI, name: 'base', creation_date: '2026-01-01T00:00:00.000Z' },
  ]);
  atEnd.push(async () => await moto.stop());
  const front = await startFront(moto);
  atEnd.push(async () => await front.stop());
  // What moto does not know at all.
  front.intercept = ({ action }) =>
    /^ec2:EnableImageDeprecation$/.test(action) ? { status: 200, body: DONE } : undefined;
  await furnishNetwork(front.url);

  const instance = await startInstance({
    sshd: sshd.program,
    libraries: sshd.libraries,
    docker: (await installedProgram('docker', fresh.env['PATH'] ?? '')) ?? 'docker',
    engine: fresh.directory,
    bridge: bridge.socket,
    shared: [join(PROJECT, '.parts')],
  });
  atEnd.push(async () => await instance.stop());

  const host = await openHost({
    env: {
      ...engine.env,
      ...MOTO_CREDENTIALS,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_ENDPOINT_URL: front.url,
      PKR_VAR_ssh_host: '127.0.0.1',
      PKR_VAR_ssh_port: String(instance.sshPort),
      PKR_VAR_ssh_username: 'root',
      PKR_VAR_instance_type: 't3.micro',
      PKR_VAR_buildkit_port: String(buildkit),
      PKR_VAR_buildx_url: `http://127.0.0.1:${files}/buildx`,
      PKR_VAR_buildx_sha256: createHash('sha256').update(binary).digest('hex'),
      PKR_VAR_builder_name: 'warm-builder',
    },
  });
  atEnd.push(async () => await host[Symbol.asyncDispose]());
  await mkdir(host.scratch, { recursive: true });
  const key = join(host.home, 'key');
  await writeFile(key, instance.key, { mode: 0o600 });
  Object.assign(host.env, { PKR_VAR_ssh_private_key_file: key });
  // The SDK reads the environment of its process.
  useFront(front);
  atEnd.push(() => {
    for (const name of ['AWS_ENDPOINT_URL', ...Object.keys(MOTO_CREDENTIALS)])
      Reflect.deleteProperty(process.env, name);
  });

  const template = join(host.home, 'stack.yml');
  await writeFile(template, `Mappings:\n  AWSRegion2AMI:\n    us-east-1: { linuxamd64: ${BASE_AMI} }\n`);
  const image = await buildkitImage(engine, registry, repository);
  const config = join(host.home, 'warmbake.yaml');
  await writeFile(config, configuration({ host: registry.host, repository, image, template }));
  const { settings, families } = await loadSettings(host, { config });
  const family = families[0]!;
  const account = openAccount(host, 'us-east-1');
  const workshop = openWorkshop(openEc2(openAws(host, 'us-east-1')));
  const desk = await openDesk(host, settings);
  const bakeConfig = join(host.home, 'bake-config.json');
  await writeFile(bakeConfig, project.artifact);
  return {
    host,
    config,
    project,
    instance,
    front,
    planning: { account, workshop, registry: desk.registry, settings, family },
    build: {
      desk,
      account,
      workshop,
      family,
      template: join(PROJECT, 'packer/cpu'),
      packer: { program: packer },
      bakeConfig,
      source: project.source,
    },
    [Symbol.asyncDispose]: async () => {
      for (const end of atEnd.toReversed()) await end();
    },
  };
}

const DONE = '<EnableImageDeprecationResponse><return>true</return></EnableImageDeprecationResponse>';

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
    stacks: [main]
`;
}

/** An image with the three programs, as moby/buildkit has them; they do nothing. Answers with its digest reference. */
async function buildkitImage(engine: Engine, registry: Registry, repository: string): Promise<string> {
  const name = `${registry.host}/${repository}/buildkit`;
  const programs = ['buildkitd', 'buildctl', 'buildkit-runc'].map(
    (program) =>
      `RUN --network=none mkdir -p /usr/bin && printf '#!/bin/sh\\nexit 0\\n' >/usr/bin/${program}\n`,
  );
  const input = `FROM warmbake/base:1\n${programs.join('')}CMD ["buildkitd"]\n`;
  const options = { env: engine.env, extendEnv: false, input };
  await execa(
    'docker',
    ['buildx', 'build', '--push', '--provenance=false', '--tag', `${name}:1`, '-'],
    options,
  );
  const head = await fetch(`http://${registry.host}/v2/${repository}/buildkit/manifests/1`, {
    method: 'HEAD',
    headers: { accept: ACCEPT_MANIFESTS },
  });
  return `${name}@${head.headers.get('docker-content-digest')}`;
}

/** The default VPC's, under the names of the family. */
async function furnishNetwork(endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'moto', secretAccessKey: 'moto' };
  const settings = { endpoint, region: 'us-east-1', credentials, requestHandler: fetchHandler(fetch) };
  const ec2 = new EC2Client(settings);
  const ssm = new SSMClient(settings);
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const group = SecurityGroups.find(({ GroupName }) => GroupName === 'default');
  const subnet = Subnets.find(({ VpcId }) => VpcId === group?.VpcId);
  const put = async (Name: string, Value: string | undefined): Promise<void> => {
    await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String' }));
  };
  await put(FAMILY.network.securityGroup, group?.GroupId);
  await put(FAMILY.network.subnet, subnet?.SubnetId);
}

/** Both ends of a connection that leads on; one that breaks ends the other. */
function splice(from: Socket, to: Socket): void {
  pipeline(from, to, from, () => undefined);
}

async function listen(server: Server | HttpServer, atEnd: (() => unknown)[]): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}
