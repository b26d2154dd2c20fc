import { rm, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock as realTime } from '../../parts/ci-job/clock.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import type { Variables } from '../../parts/ci-job/variables.ts';
import type { Ended } from '../../parts/ci-job/warmbake.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { DoctorDocument } from '../../src/doctor/doctor-schema.ts';
import { type FixtureRegistry, startFixtureRegistry } from '../registry/fixture-registry.ts';

/** A machine with a registry and an engine's socket that answers, and the program in it. */
export interface DoctorSurroundings extends AsyncDisposable {
  readonly agent: Agent;
  readonly registry: FixtureRegistry;
  /** Where the engine listens. */
  readonly socket: string;
  /** Variables by which git finds the remote under the address that the build names, and the engine. */
  readonly found: Variables;
  /** What the engine says of itself; nothing to say: it takes connections and is silent. */
  engine: object | 'silent';
  /** `warmbake doctor --json`: what it found, by check; several lines of one check in their order. */
  doctor(
    variables: Variables,
    options?: { readonly args?: readonly string[]; readonly clock?: Clock },
  ): Promise<Doctored>;
}

/** How `warmbake doctor` ended. */
export interface Doctored extends Ended {
  readonly document: DoctorDocument;
  /** `state: text` of each line of a check. */
  readonly of: (check: DoctorDocument['checks'][number]['check']) => readonly string[];
}

/** An engine that exports caches, and keeps everything where the machine has room. */
const ENGINE = {
  OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
  DockerRootDir: '/',
};

/** `buildx`: the program that bakes; where none is given, bake only says its version. */
export async function openSurroundings(buildx: string | undefined): Promise<DoctorSurroundings> {
  const registry = await startFixtureRegistry();
  const env = { PATH: process.env['PATH'] ?? '' };
  const agent = await makeAgent(env, { images: registry.host });
  const plugin = path.join(agent.dockerConfig, 'cli-plugins/docker-buildx');
  if (buildx !== undefined) {
    await rm(plugin);
    await symlink(buildx, plugin);
  }
  const socket = path.join(agent.checkout.directory, 'engine.sock');
  const remote = `file://${path.join(agent.checkout.directory, 'remote.git')}`;
  const surroundings: DoctorSurroundings = {
    agent,
    registry,
    socket,
    found: {
      DOCKER_HOST: `unix://${socket}`,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${remote}.insteadOf`,
      GIT_CONFIG_VALUE_0: 'https://example.com/team/app.git',
    },
    engine: ENGINE,
    async doctor(variables, { args = [], clock = realTime } = {}) {
      const all = { ...surroundings.found, ...variables };
      const ended = await agent.run(['doctor', '--json', ...args], all, { clock });
      const document = (await conforming('doctor', ended.stdout)) as DoctorDocument;
      return {
        ...ended,
        document,
        of: (check) =>
          document.checks.filter((one) => one.check === check).map(({ state, text }) => `${state}: ${text}`),
      };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await agent[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
  const server: Server = createServer((_, answer) => {
    if (surroundings.engine !== 'silent') answer.end(JSON.stringify(surroundings.engine));
  }).listen(socket);
  await once(server, 'listening');
  return surroundings;
}
