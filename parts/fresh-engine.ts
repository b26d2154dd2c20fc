import { mkdir, mkdtemp, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answersPing, startDockerd } from './dockerd.ts';
import { findParts } from './find.ts';
import { need, PartMissing, type Running } from './part.ts';

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

/** Starts one; throws `PartMissing` where the programs for it are not there (an existing engine's store is not ours to empty). */
export async function startFreshEngine(): Promise<FreshEngine> {
  const parts = await findParts(process.env);
  const source = need('engine', parts.engine);
  if (source.kind !== 'own')
    throw new PartMissing('an engine with an empty store', 'Docker is here, and in use');
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-fresh-'));
  const { path, libraries } = source;
  const busybox = need('busybox', parts.busybox);
  const { dockerHost, stop } = await startDockerd({ path, libraries, directory, busybox, serve: SERVE });
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
    stop,
  };
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
