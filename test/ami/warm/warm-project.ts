import { execa } from 'execa';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBakeConfig, type BakeConfig } from '../../../src/ami/warm/bake-config.ts';
import { type WarmLayers, warmLayers } from '../../../src/ami/warm/layers.ts';
import type { CommitSha } from '../../../src/ci/commit-sha.ts';
import { requireReference } from '../../../src/registry/reference.ts';
import { BASE_IMAGE } from '../../../parts/base-image.ts';
import type { Engine } from '../../../parts/engine.ts';
import type { Registry } from '../../../parts/registry.ts';

/** A repository whose trusted build has left its bake config and its layer cache. */
export interface WarmProject {
  readonly source: string;
  readonly commit: CommitSha;
  readonly build: BuildOfMain;
  /** The artifact, as the real buildx printed it. */
  readonly artifact: string;
  readonly config: BakeConfig;
  readonly cache: string;
  /** The same after a change of the sources, built by `build`. */
  moved(build: BuildOfMain): Promise<WarmProject>;
  remove(): Promise<void>;
}

/** A build of the trusted branch, as Buildkite names it. */
export interface BuildOfMain {
  readonly number: string;
  readonly id: string;
}

/** In every version of the source. */
export const SOURCE_TEXT = 'a line of the source, thought up for this test';
export const TARGET = 'test-ci';
/** Of the build that made image and caches. */
export const BUILD: BuildOfMain = { number: '812', id: '0199f2c5-4a3b-4c21-9f00-0123456789ab' };

/** Dependencies, a tool that is only mounted, a compile step and tests; and a stage that no image job may ever build. */
const DOCKERFILE = `ARG BASE
FROM \${BASE} AS base
RUN --network=none head -c 4000000 /dev/urandom > /base-layer
FROM base AS dependencies
RUN --network=none head -c 3000000 /dev/urandom > /dependency
FROM base AS tools
RUN --network=none head -c 2000000 /dev/urandom > /tool
FROM base AS build
COPY --from=dependencies /dependency /dependency
COPY source /source
RUN --network=none --mount=from=tools,target=/tools cat /source/* /tools/tool > /output
FROM base AS never
RUN --network=none sleep 1000
FROM base AS test
COPY --from=build /output /output
RUN --network=none wc -c /output > /count
`;

/** Builds the project on `engine` and exports its cache, as the build step does; base image and cache are in `registry`. */
export async function buildProject(
  engine: Engine,
  registry: Registry,
  repository: string,
): Promise<WarmProject> {
  const source = await mkdtemp(join(tmpdir(), 'warmbake-project-'));
  const base = `${registry.host}/${repository}/base:1`;
  await execa('docker', ['tag', BASE_IMAGE, base], { env: engine.env, extendEnv: false });
  await execa('docker', ['push', '--quiet', base], { env: engine.env, extendEnv: false });
  await mkdir(join(source, 'source'));
  await writeFile(join(source, 'Dockerfile'), DOCKERFILE);
  await execa('git', ['init', '--quiet'], { cwd: source });
  const change = async (build: BuildOfMain): Promise<WarmProject> => {
    await writeFile(join(source, 'source', 'main'), `${SOURCE_TEXT} ${Math.random()}\n`);
    const commit = await commitAll(source);
    const cache = `${registry.host}/${repository}/cache:${commit}`;
    const artifact = await buildCommit(engine, source, {
      args: { BASE: base, COMMIT: commit, LITERAL: 'a $${b}' },
      image: `${registry.host}/${repository}/image`,
      hostile: `${registry.host}/${repository}/hostile:latest`,
      cache,
      commit,
      build,
    });
    return {
      source,
      commit,
      build,
      artifact,
      config: readBakeConfig(artifact, { target: TARGET, commit, perCommit: ['COMMIT'] }),
      cache,
      moved: change,
      remove: async () => await rm(source, { recursive: true, force: true }),
    };
  };
  return await change(BUILD);
}

interface CommitBuild {
  readonly args: Readonly<Record<string, string>>;
  readonly image: string;
  readonly hostile: string;
  readonly cache: string;
  readonly commit: CommitSha;
  readonly build: BuildOfMain;
}

/** Bakes what is checked out in `source`; answers with what bake resolved. */
async function buildCommit(
  engine: Engine,
  source: string,
  { args, image, hostile, cache, commit, build }: CommitBuild,
): Promise<string> {
  const annotations = [
    `app.build_number=${build.number}`,
    `app.build_id=${build.id}`,
    `org.opencontainers.image.revision=${commit}`,
  ];
  const target = {
    target: 'test',
    args,
    tags: [`${image}:latest`, `${image}:${commit}`],
    annotations: annotations.map((annotation) => `index,manifest:${annotation}`),
    'cache-from': [`type=registry,ref=${hostile}`],
    'cache-to': [
      `type=registry,ref=${cache},mode=max,compression=zstd,image-manifest=true,oci-mediatypes=true`,
    ],
    secret: [`id=aws,src=${join(source, 'credentials')}`],
    output: ['type=registry'],
  };
  await writeFile(join(source, 'credentials'), 'secret');
  await writeFile(join(source, 'bake.json'), JSON.stringify({ target: { [TARGET]: target } }));
  const bake = async (...options: readonly string[]): Promise<string> => {
    const argv = ['buildx', 'bake', '-f', 'bake.json', ...options, TARGET];
    return (await execa('docker', argv, { cwd: source, env: engine.env, extendEnv: false })).stdout;
  };
  const artifact = await bake('--print');
  await bake();
  // An artifact travels without the files of the machine that printed it.
  await rm(join(source, 'credentials'));
  await rm(join(source, 'bake.json'));
  return artifact;
}

/** Layers from this cache alone, for all of these targets. */
export function layersFrom(cache: string, targets: readonly string[] = [TARGET]): WarmLayers {
  const source = { role: 'commit', ref: requireReference(cache), state: 'found' } as const;
  const caches = targets.map((target) => ({ target, sources: [source], donors: [] }));
  return warmLayers({ emit: () => undefined }, caches);
}

/** Commits everything in `directory`. */
async function commitAll(directory: string): Promise<CommitSha> {
  const identity = ['-c', 'user.name=w', '-c', 'user.email=w@example.com'];
  const git = async (...args: readonly string[]): Promise<string> =>
    (await execa('git', [...identity, ...args], { cwd: directory })).stdout;
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'a change');
  return (await git('rev-parse', 'HEAD')) as CommitSha;
}
