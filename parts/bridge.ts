import { execa } from 'execa';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBuildx } from '../src/bake/buildx-program.ts';
import type { Engine } from './engine.ts';
import type { Running } from './part.ts';

/** A BuildKit endpoint as a machine image offers it. */
export interface Bridge {
  /** Path of the socket. */
  readonly socket: string;
  /** `unix://` and the path, as `docker buildx create --driver remote` takes it. */
  readonly address: string;
}

/**
 * Offers the engine's BuildKit on a unix socket of its own, as a stand-alone buildkitd would: each connection is one
 * `docker buildx dial-stdio`. Ends with `stop`, and with this process.
 */
export async function startBridge(engine: Pick<Engine, 'env'>): Promise<Bridge & Running> {
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-bridge-'));
  const socket = join(directory, 'buildkitd.sock');
  // A state of its own: `buildx create` locks its folder while it waits for the answer that comes through here.
  const env = { ...engine.env, BUILDX_CONFIG: directory };
  // By itself: through the docker CLI a connection takes longer than the second that a socket gets, on a busy machine.
  const [program, ...first] = await findBuildx(engine.env);
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    const dial = execa(program, [...first, 'dial-stdio', '--builder', 'default'], {
      env,
      extendEnv: false,
      buffer: false,
      reject: false,
      stderr: 'ignore',
    });
    open.add(connection);
    connection.once('close', () => {
      open.delete(connection);
      // It keeps nothing, and of a softer signal it takes no notice while it waits for the engine.
      dial.kill('SIGKILL');
    });
    connection.on('error', () => {
      connection.destroy();
    });
    dial.stdin.on('error', () => {
      connection.destroy();
    });
    connection.pipe(dial.stdin);
    dial.stdout.pipe(connection);
  }).listen(socket);
  await once(server, 'listening');
  return {
    socket,
    address: `unix://${socket}`,
    stop: async () => {
      server.close();
      for (const connection of open) connection.destroy();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
