import { execa } from 'execa';
import { once } from 'node:events';
import { mkdir, mkdtemp, stat, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { answersPing, startDockerd } from './dockerd.ts';
import { findParts } from './find.ts';
import { need, PartMissing, type Running } from './part.ts';
import { PROJECT } from './project.ts';

/** An engine with an empty store, which can be restarted as a machine image's BuildKit is. */
export interface FreshEngine extends Running {
  /** Everything of it, `docker.sock` among it; a file `restart` in it restarts it, and is gone when that has begun. */
  readonly directory: string;
  /** A complete environment for commands against this engine. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops dockerd and starts it again on the same store. */
  restart(): Promise<void>;
}

/** dockerd, started again whenever there is a file `restart`. */
const SERVE = `while :; do
  dockerd --config-file "$config" & engine=$!
  until [ -e "$directory/restart" ]; do sleep 0.05; kill -0 $engine || exit 1; done
  kill $engine; wait $engine || true
  rm "$directory/restart"
done`;

/** Options of {@link startFreshEngine}. */
export interface FreshEngineOptions {
  /** Further variables of the engine. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gives the engine another loopback than this machine's, with one port of this one's: `127.0.0.1:PORT`, a registry. */
  readonly reachesOnly?: string;
}

/**
 * Starts one; throws `PartMissing` where the programs for it are not there (an existing engine's store is not ours to empty), or
 * where it cannot have a network of its own.
 */
export async function startFreshEngine({
  env = {},
  reachesOnly,
}: FreshEngineOptions = {}): Promise<FreshEngine> {
  const parts = await findParts(process.env);
  const source = need('engine', parts.engine);
  if (source.kind !== 'own')
    throw new PartMissing('an engine with an empty store', 'Docker is here, and in use');
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-fresh-'));
  const { path, libraries } = source;
  const busybox = need('busybox', parts.busybox);
  const lane = reachesOnly === undefined ? undefined : await openLane(directory, reachesOnly);
  const { dockerHost, stop } = await startDockerd({
    path,
    libraries,
    directory,
    busybox,
    env,
    ownNetwork: lane !== undefined,
    serve: `${lane?.there ?? ''}${SERVE}`,
  });
  const config = join(directory, 'docker');
  await mkdir(join(config, 'cli-plugins'), { recursive: true });
  await symlink(need('buildx', parts.buildx).plugin, join(config, 'cli-plugins', 'docker-buildx'));
  const PATH = [...path, process.env['PATH'] ?? ''].join(delimiter);
  return {
    directory,
    env: { PATH, HOME: directory, LANG: 'C.UTF-8', DOCKER_HOST: dockerHost, DOCKER_CONFIG: config },
    restart: async () => {
      await writeFile(join(directory, 'restart'), '');
      while (await exists(join(directory, 'restart'))) await sleep(25);
      while ((await answersPing(join(directory, 'docker.sock'))) === undefined) await sleep(25);
    },
    stop: async () => {
      await stop();
      await lane?.stop();
    },
  };
}

/** The way from another loopback to one port of this one: `there` are shell lines that open its other end. */
async function openLane(directory: string, reached: string): Promise<Running & { readonly there: string }> {
  const allowed = await execa('unshare', ['--net', 'true'], { reject: false });
  if (allowed.failed) throw new PartMissing('a network namespace', allowed.stderr || 'not allowed here');
  const port = Number(reached.split(':')[1]);
  const socket = join(directory, 'lane.sock');
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    pipeline(from, to, () => undefined);
    pipeline(to, from, () => undefined);
  }).listen(socket);
  await once(server, 'listening');
  return {
    there: `'${process.execPath}' '${join(PROJECT, 'parts/lane.mjs')}' ${port} '${socket}' &\n`,
    stop: async () => {
      await Promise.resolve(server.close());
    },
  };
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
