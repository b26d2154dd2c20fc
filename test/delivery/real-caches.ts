import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { summarise } from '../../src/bake/record.ts';
import { replay } from '../bake/replay.ts';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import type { DeliverableCache, DonatedBlob } from '../../src/delivery/deliverable.ts';
import type { Digest, Repository } from '../../src/registry/reference.ts';
import { requireReference } from '../../src/registry/reference.ts';
import type { Registry } from '../../src/registry/registry.ts';

/** Steps of about a megabyte each that does not compress: the bytes that move are those of the layers. */
const DOCKERFILE = `FROM ${BASE_IMAGE} AS base
COPY lock.txt /lock.txt
RUN dd if=/dev/urandom of=/dependencies bs=1024 count=2048
FROM base AS assets
RUN dd if=/dev/urandom of=/assets bs=1024 count=1024
FROM base
COPY source.txt /source.txt
COPY --from=assets /assets /assets
RUN cat /lock.txt /source.txt > /out
`;

/** A project and a way to build it with real buildx. */
export interface CacheProject extends AsyncDisposable {
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Builds with these options of `docker buildx build`; the names of the steps that were executed. */
  build(...options: readonly string[]): Promise<readonly string[]>;
}

/** A project whose layers are those of no other: `mark` is in the first of them. */
export async function makeCacheProject(
  env: Readonly<Record<string, string>>,
  { mark, builder = 'default' }: { readonly mark: string; readonly builder?: string },
): Promise<CacheProject> {
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-delivery-'));
  const write: CacheProject['write'] = async (files) => {
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(directory, name), text);
  };
  await write({ Dockerfile: DOCKERFILE, 'lock.txt': mark, 'source.txt': 'one' });
  return {
    write,
    async build(...options) {
      const argv = ['buildx', 'build', '--builder', builder, '--progress', 'rawjson', ...options, directory];
      const { stderr } = await execa('docker', argv, { env, extendEnv: false });
      return executedIn(stderr);
    },
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  };
}

function executedIn(log: string): readonly string[] {
  const { trace } = replay(log.split('\n'));
  return summarise(trace)
    .steps.filter(({ verdict }) => verdict === 'executed')
    .map(({ name }) => name);
}

/** Empties the engine's build cache and takes these images from it. */
export async function emptyStore(
  env: Readonly<Record<string, string>>,
  images: readonly string[] = [],
): Promise<void> {
  const docker = async (...args: readonly string[]) =>
    await execa('docker', args, { env, extendEnv: false, reject: false });
  await docker('builder', 'prune', '--all', '--force');
  if (images.length > 0) await docker('rmi', '--force', ...images);
}

/** What one cache in the registry holds, as a merge of one. */
export async function readDonor(registry: Registry, ref: string, id: string): Promise<DeliverableCache> {
  const name = requireReference(ref);
  const repository: Repository = { host: name.host, path: name.path };
  const manifest = await registry.manifest(name);
  if (manifest.state !== 'found') throw new Error(`${ref}: ${manifest.state}`);
  const { config, layers } = JSON.parse(Buffer.from(manifest.body).toString()) as {
    readonly config: { readonly digest: Digest; readonly mediaType: string };
    readonly layers: readonly {
      readonly digest: Digest;
      readonly mediaType: string;
      readonly size: number;
    }[];
  };
  const read = await registry.blob(repository, config.digest, { limit: 1024 * 1024 });
  if (read.state !== 'found') throw new Error(`${ref}: config ${read.state}`);
  return {
    manifest,
    config: { ...config, body: read.body },
    blobs: new Map(
      layers.map((descriptor): [Digest, DonatedBlob] => [descriptor.digest, { descriptor, donors: [id] }]),
    ),
  };
}
