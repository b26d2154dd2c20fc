import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import type { Engine } from '../../parts/engine.ts';
import { readCacheManifest } from '../../src/cache/cache-manifest.ts';
import { type Donor, mergeCaches, type MergedCache } from '../../src/cache/merge.ts';
import { manifestOf, putManifest } from '../image-step/registry-content.ts';
import { test } from '../tiers/real.ts';

/** Ordinary COPY: each of its layers stands on all layers below. Two branches, joined at the end. */
const DOCKERFILE = `FROM ${BASE_IMAGE} AS toolbox
WORKDIR /work
COPY tools tools
FROM toolbox AS dependencies
COPY vendor vendor
RUN sha256sum vendor tools > vendor.out
FROM toolbox AS assets
COPY assets assets
RUN sha256sum assets tools > assets.out
FROM dependencies AS app
COPY src src
RUN cat vendor.out src > app.out
FROM app AS test
COPY --from=assets /work/assets.out assets.out
RUN cat app.out assets.out > test.out
`;

type Sources = Readonly<Record<'tools' | 'vendor' | 'assets' | 'src', string>>;
interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly output?: string;
}

/** Builds with plain buildx; answers with the steps that were executed, in order of their names. */
async function build(
  engine: Engine,
  directory: string,
  sources: Sources,
  options: Options,
): Promise<readonly string[]> {
  await writeFile(path.join(directory, 'Dockerfile'), DOCKERFILE);
  for (const [name, content] of Object.entries(sources)) await writeFile(path.join(directory, name), content);
  const args = ['buildx', 'build', '--progress=rawjson', '--target=test', '--provenance=false'];
  if (options.from !== undefined) args.push(`--cache-from=type=registry,ref=${options.from}`);
  if (options.to !== undefined) args.push(`--cache-to=type=registry,mode=max,ref=${options.to}`);
  args.push(
    options.output === undefined ? '--output=type=cacheonly' : `--output=type=local,dest=${options.output}`,
  );
  const { stderr } = await execa('docker', [...args, directory], { env: engine.env, extendEnv: false });
  const steps = new Map<string, Vertex>();
  for (const line of stderr.split('\n').filter((text) => text.startsWith('{'))) {
    const { vertexes = [] } = JSON.parse(line) as { readonly vertexes?: readonly Vertex[] };
    for (const vertex of vertexes) steps.set(vertex.digest, { ...steps.get(vertex.digest), ...vertex });
  }
  return [...steps.values()]
    .filter(
      ({ name, cached, completed }) =>
        / \d+\/\d+\] (?!FROM)/.test(name) && cached !== true && completed !== undefined,
    )
    .map(({ name }) => name.replace(/ +\d+\/\d+\]/, ']'))
    .toSorted();
}

interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly cached?: boolean;
  readonly completed?: string;
}

async function donor(host: string, name: string): Promise<Donor> {
  const manifest = readCacheManifest(Buffer.from((await manifestOf(host, name)).body));
  if (manifest.kind !== 'cache') throw new Error(manifest.because);
  const repository = name.slice(0, name.lastIndexOf(':'));
  const config = await fetch(`http://${host}/v2/${repository}/blobs/${manifest.config.digest}`);
  return { id: name, manifest, config: new Uint8Array(await config.arrayBuffer()) };
}

/** Puts the merge where its donors are, so that the registry has all its blobs. */
async function put(host: string, name: string, { config, manifest }: MergedCache): Promise<void> {
  const uploads = `http://${host}/v2/${name.slice(0, name.lastIndexOf(':'))}/blobs/uploads/`;
  const begun = await fetch(uploads, { method: 'POST' });
  const upload = new URL(begun.headers.get('location') ?? '', uploads);
  upload.searchParams.set('digest', config.digest);
  await fetch(upload, { method: 'PUT', body: Buffer.from(config.body) });
  await putManifest(host, name, {
    mediaType: manifest.mediaType,
    body: Buffer.from(manifest.body).toString(),
  });
}

/** Every file below a directory with its mode and content. */
async function contentOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const lines = files.map(async (file) => {
    const { mode } = await stat(file);
    const sum = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    return `${path.relative(directory, file)} ${mode.toString(8)} ${sum}`;
  });
  return (await Promise.all(lines)).toSorted();
}

/**
 * What of BuildKit the merge rests on, tried on the real one: when a new engine changes how caches are read, this test is
 * the one that tells.
 */
test(
  'a rebased pull request finds its layers in one merge of two caches, each time, and gets the files of an uncached build',
  { retry: 0 },
  async ({ ownEngine: engine, registry: { host } }) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-merge-'));
    const inside = (name: string): string => path.join(directory, name);
    const empty = async (): Promise<unknown> =>
      await execa('docker', ['builder', 'prune', '--all', '--force'], { env: engine.env, extendEnv: false });
    try {
      const context = inside('context');
      await mkdir(context);
      const repository = `merge-${path.basename(directory).toLowerCase()}`;
      // Steps of earlier tests must not be these.
      const old = { tools: directory, vendor: '1', assets: '1', src: '1' };
      const onMain = { ...old, vendor: '2' };
      const onBranch = { ...old, assets: '2', src: '2' };
      const rebased = { ...onBranch, vendor: onMain.vendor };
      await build(engine, context, onMain, { to: `${host}/${repository}:main` });
      await empty();
      await build(engine, context, onBranch, { to: `${host}/${repository}:branch` });
      await empty();
      await build(engine, context, rebased, { output: inside('uncached') });

      const donors = [await donor(host, `${repository}:branch`), await donor(host, `${repository}:main`)];
      const merged = mergeCaches(donors);
      if (merged === undefined) throw new Error('nothing merged');
      expect(merged.leftOut).toEqual([]);
      await put(host, `${repository}:merged`, merged);

      const nobodyHas = ['[app] COPY src src', '[app] RUN cat vendor.out src > app.out'];
      const onTop = [
        '[test] COPY --from=assets /work/assets.out assets.out',
        '[test] RUN cat app.out assets.out > test.out',
      ];
      const from = `${host}/${repository}:merged`;
      for (const run of [1, 2, 3, 4, 5]) {
        await empty();
        expect(await build(engine, context, rebased, { from }), `run ${run}`).toEqual([
          ...nobodyHas,
          ...onTop,
        ]);
        await empty();
        expect(await build(engine, context, onBranch, { from }), `run ${run}`).toEqual([]);
      }
      await empty();
      await build(engine, context, rebased, { from, output: inside('merged') });
      const files = await contentOf(inside('merged'));
      expect(files).toContainEqual(expect.stringMatching(/^work\/test\.out /));
      expect(files).toEqual(await contentOf(inside('uncached')));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
