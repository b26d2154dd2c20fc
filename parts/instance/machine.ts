import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { startBridge } from '../bridge.ts';
import { findParts } from '../find.ts';
import { need, type Running } from '../part.ts';
import { installedProgram } from '../programs.ts';
import { PROJECT } from '../project.ts';
import { type FreshEngine, startFreshEngine } from '../fresh-engine.ts';
import { type Instance, startInstance } from './instance.ts';

/** What Packer is given in place of the instance that it believes to have launched. */
export interface Machine extends Running {
  readonly instance: Instance;
  readonly engine: FreshEngine;
  /** The socket of its BuildKit, as a job on an instance of the image would find it. */
  readonly socket: string;
  /** How Packer gets on to the machine, and what the machine fetches: `PKR_VAR_…`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** How a machine is. */
export interface MachineOptions {
  /** Whether its sshd opens reverse tunnels; default true. */
  readonly reverseTunnels?: boolean;
}

/** What `uname -m` says here. */
const MACHINE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** Starts a machine with an empty store. Throws `PartMissing` where a part of it cannot be had. */
export async function startMachine({ reverseTunnels = true }: MachineOptions = {}): Promise<Machine> {
  const atEnd: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of atEnd.splice(0).toReversed()) await end();
  };
  const parts = await findParts(process.env);
  const sshd = need('sshd', parts.sshd);
  const buildx = await readFile(need('buildx', parts.buildx).plugin);
  try {
    const engine = await startFreshEngine();
    atEnd.push(engine.stop);
    const bridge = await startBridge(engine);
    atEnd.push(bridge.stop);
    // The port of the instance's loopback that its BuildKit listens on, and the address that it fetches buildx from.
    const buildkit = await listen(
      createServer((from) => splice(from, connect(bridge.socket))),
      atEnd,
    );
    const files = await listen(
      createHttpServer((_, answer) => answer.end(buildx)),
      atEnd,
    );
    const instance = await startInstance({
      sshd: sshd.program,
      libraries: sshd.libraries,
      docker: (await installedProgram('docker', engine.env['PATH'] ?? '')) ?? 'docker',
      engine: engine.directory,
      bridge: bridge.socket,
      shared: [join(PROJECT, '.parts')],
      reverseTunnels,
    });
    atEnd.push(instance.stop);
    const variables = {
      PKR_VAR_ssh_host: '127.0.0.1',
      PKR_VAR_ssh_port: String(instance.sshPort),
      PKR_VAR_ssh_username: 'root',
      PKR_VAR_ssh_private_key_file: instance.keyFile,
      PKR_VAR_instance_type: 't3.micro',
      PKR_VAR_buildkit_port: String(buildkit),
      PKR_VAR_buildx: `${MACHINE} http://127.0.0.1:${files}/buildx ${createHash('sha256').update(buildx).digest('hex')}`,
      PKR_VAR_builder_name: 'warm-builder',
    };
    return { instance, engine, socket: bridge.socket, variables, stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
