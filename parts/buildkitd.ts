import { execa } from 'execa';
import { appendFile, copyFile, mkdir, mkdtemp, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dial } from '../src/bake/builder-facts.ts';
import { readBuildkitUnit, UNIT_FILES } from './buildkit-unit.ts';
import { findParts } from './find.ts';
import { startGuarded } from './guarded.ts';
import { emptyBuildkit } from './empty-buildkit.ts';
import { findNewest } from './newest.ts';
import { need, PartMissing, type Running } from './part.ts';

/** A BuildKit without an engine, as the unit of a machine image starts it. */
export interface Buildkitd extends Running {
  /** `0.33.1` */
  readonly version: string;
  readonly socket: string;
  /** `unix://` and the socket. */
  readonly address: string;
  /** A complete environment in which `docker buildx` is the newest buildx; no engine is behind it. */
  readonly env: Readonly<Record<string, string>>;
  /** `buildctl ARGUMENT...` on it; answers with what it printed. */
  buildctl(...args: readonly string[]): Promise<string>;
  /** Empties its store; of base images and layers that it only knows of it may keep some. */
  empty(): Promise<void>;
  /** Stops it and starts it again on the same store. */
  restart(): Promise<void>;
}

/** Options of {@link startBuildkitd}. */
export interface BuildkitdOptions {
  /** `host:port` of a registry that stands in for Docker Hub: nothing is asked of that. */
  readonly hub?: string;
}

/** BuildKit, started again whenever there is a file `restart`; /run is private since runc keeps its state in /run/runc. */
const SERVE = `set -e
directory=$1; shift
mount -t tmpfs tmpfs /run
while :; do
  "$@" & daemon=$!
  until [ -e "$directory/restart" ]; do sleep 0.05; kill -0 $daemon || exit 1; done
  kill $daemon; wait $daemon || true
  rm "$directory/restart"
done`;

const UNSHARE = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;

/**
 * Starts one with an empty store, with the unit's arguments and variables and the image's buildkitd.toml; only its places are others, and
 * steps are in this machine's network: a bridge needs programs that are not here. Throws `PartMissing` where a program is missing.
 */
export async function startBuildkitd({ hub }: BuildkitdOptions = {}): Promise<Buildkitd> {
  const newest = await findNewest(process.env);
  const programs = need('the newest BuildKit', newest.buildkit);
  const buildx = need('the newest buildx', newest.buildx);
  const { engine } = await findParts(process.env);
  const source = need('runc', engine);
  if (source.kind !== 'own') throw new PartMissing('runc', 'it comes with an engine of our own');

  const directory = await mkdtemp(join(tmpdir(), 'warmbake-buildkitd-'));
  const inside = (name: string): string => join(directory, name);
  const socket = inside('buildkitd.sock');
  await copyFile(join(UNIT_FILES, 'buildkitd.toml'), inside('buildkitd.toml'));
  if (hub !== undefined) {
    const mirror = `\n[registry."docker.io"]\nmirrors = ["${hub}"]\n[registry."${hub}"]\nhttp = true\n`;
    await appendFile(inside('buildkitd.toml'), mirror);
  }
  const unit = await readBuildkitUnit();
  const places: Readonly<Record<string, string>> = {
    '/usr/local/bin/buildkitd': programs.buildkitd,
    '/etc/buildkit/buildkitd.toml': inside('buildkitd.toml'),
    'unix:///run/buildkit/buildkitd.sock': `unix://${socket}`,
    docker: 'root',
  };
  const argv = unit.argv.map((word) => places[word] ?? word);
  const here = ['--root', inside('store'), '--oci-worker-net', 'host'];
  const PATH = [...source.path, process.env['PATH'] ?? ''].join(delimiter);
  const { stop } = await startGuarded({
    argv: [...UNSHARE, 'sh', '-c', SERVE, 'sh', directory, ...argv, ...here],
    env: { ...unit.env, PATH, LD_LIBRARY_PATH: source.libraries },
    directory,
    ready: async () => await answers(socket),
  });

  const config = inside('docker');
  await mkdir(join(config, 'cli-plugins'), { recursive: true });
  await symlink(buildx.plugin, join(config, 'cli-plugins', 'docker-buildx'));
  const address = `unix://${socket}`;
  const buildctl = async (...args: readonly string[]): Promise<string> =>
    (await execa(programs.buildctl, ['--addr', address, ...args])).stdout;
  const info = await buildctl('debug', 'info');
  if (!info.includes(`v${programs.version}`))
    throw new Error(`BuildKit ${programs.version} was to answer on ${socket}, which says:\n${info}`);
  return {
    version: programs.version,
    socket,
    address,
    env: {
      PATH,
      HOME: directory,
      LANG: 'C.UTF-8',
      DOCKER_HOST: `unix://${inside('no-engine.sock')}`,
      DOCKER_CONFIG: config,
    },
    buildctl,
    empty: async () => await emptyBuildkit(buildctl),
    restart: async () => {
      await writeFile(inside('restart'), '');
      while (await exists(inside('restart'))) await sleep(25);
      while ((await answers(socket)) === undefined) await sleep(25);
    },
    stop,
  };
}

async function answers(socket: string): Promise<true | undefined> {
  return (await dial(socket)) === 'answers' ? true : undefined;
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
