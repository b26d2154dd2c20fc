import { mkdir, mkdtemp, stat, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findParts } from '../parts/find.ts';
import { startGuarded } from '../parts/guarded.ts';
import { need, PartMissing, type Running } from '../parts/part.ts';

/** An engine with an empty store, which can be restarted as a machine image's BuildKit is. */
export interface FreshEngine extends Running {
  /** Everything of it, `docker.sock` among it; a file `restart` in it restarts it, and is gone when that has begun. */
  readonly directory: string;
  /** A complete environment for commands against this engine. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops dockerd and starts it again on the same store. */
  restart(): Promise<void>;
}

/**
 * dockerd in PID and mount namespaces of its own, so that nothing survives it, started again whenever there is a file
 * `restart`. Steps get no network (`RUN --network=none`), so there is none to set up.
 */
const SCRIPT = `directory=$1
mount -t tmpfs tmpfs /run
while :; do
  dockerd --config-file "$directory/daemon.json" & engine=$!
  until [ -e "$directory/restart" ]; do sleep 0.05; kill -0 $engine || exit 1; done
  kill $engine; wait $engine
  rm "$directory/restart"
done`;

/** Starts one; throws `PartMissing` where the programs for it are not there (an existing engine's store is not ours to empty). */
export async function startFreshEngine(): Promise<FreshEngine> {
  const parts = await findParts(process.env);
  const source = need('engine', parts.engine);
  if (source.kind !== 'own')
    throw new PartMissing('an engine with an empty store', 'Docker is here, and in use');
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-fresh-'));
  const socket = join(directory, 'docker.sock');
  const settings = {
    features: { 'containerd-snapshotter': true },
    'data-root': join(directory, 'data'),
    'exec-root': join(directory, 'run'),
    pidfile: join(directory, 'docker.pid'),
    hosts: [`unix://${socket}`],
    bridge: 'none',
    iptables: false,
    ip6tables: false,
    'ip-forward': false,
  };
  await writeFile(join(directory, 'daemon.json'), JSON.stringify(settings));
  const PATH = [...source.path, process.env['PATH'] ?? ''].join(delimiter);
  const ready = (): Promise<true | undefined> => answers(socket);
  const { stop } = await startGuarded({
    argv: [
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      SCRIPT,
      'sh',
      directory,
    ],
    env: { PATH },
    directory,
    ready,
  });
  const config = join(directory, 'docker');
  await mkdir(join(config, 'cli-plugins'), { recursive: true });
  await symlink(need('buildx', parts.buildx).plugin, join(config, 'cli-plugins', 'docker-buildx'));
  return {
    directory,
    env: { PATH, HOME: directory, LANG: 'C.UTF-8', DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: config },
    restart: async () => {
      await writeFile(join(directory, 'restart'), '');
      while (await exists(join(directory, 'restart'))) await sleep(25);
      while ((await ready()) === undefined) await sleep(25);
    },
    stop,
  };
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}

async function answers(socketPath: string): Promise<true | undefined> {
  return await new Promise((resolve) => {
    request({ socketPath, path: '/_ping', timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? true : undefined);
    })
      .once('error', () => {
        resolve(undefined);
      })
      .end();
  });
}
