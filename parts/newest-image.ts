import { execa } from 'execa';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Engine } from './engine.ts';
import { findParts } from './find.ts';
import { findNewest, type BuildkitPrograms } from './newest.ts';
import { need, PartMissing } from './part.ts';
import type { Registry } from './registry.ts';

/** An image for builders of the docker-container driver. */
export interface NewestImage {
  /** With its digest, in the registry. */
  readonly ref: string;
  /** Of its BuildKit: `0.33.1`. */
  readonly version: string;
}

/** Places for what BuildKit writes, beside its programs. */
const FOLDERS = ['usr/bin', 'lib', 'lib64', 'etc', 'root', 'run', 'tmp', 'var/lib/buildkit'];

/** What buildx expects of an image: that it starts BuildKit and has `buildctl`. Libraries are runc's alone: the rest is one file each. */
const CHANGES = ['ENTRYPOINT ["buildkitd"]', 'ENV LD_LIBRARY_PATH=/lib', 'VOLUME /var/lib/buildkit'];

/**
 * Makes an image of the newest BuildKit and this machine's runc, without asking any other registry, and pushes it. Throws `PartMissing`
 * where a program is missing, or the engine is somebody else's: its runc is not ours to copy.
 */
export async function pushNewestImage(
  engine: Pick<Engine, 'env'>,
  registry: Registry,
  repository: string,
): Promise<NewestImage> {
  const parts = await findParts(process.env);
  const programs = need('the newest BuildKit', (await findNewest(process.env)).buildkit);
  const source = need('runc', parts.engine);
  need('docker-init', parts.init);
  const busybox = need('busybox', parts.busybox);
  if (source.kind !== 'own' || busybox.kind !== 'program')
    throw new PartMissing('runc', 'it comes with an engine of our own');

  const root = await mkdtemp(join(tmpdir(), 'warmbake-newest-image-'));
  try {
    await fill(root, programs, { ...engine.env, LD_LIBRARY_PATH: source.libraries });
    const archive = await execa(busybox.path, ['tar', '-C', root, '-cf', '-', '.'], { encoding: 'buffer' });
    const name = `${registry.host}/${repository}:${programs.version}`;
    const options = { env: engine.env, extendEnv: false } as const;
    const changes = CHANGES.flatMap((change) => ['--change', change]);
    await execa('docker', ['import', ...changes, '-', name], { ...options, input: archive.stdout });
    await execa('docker', ['push', '--quiet', name], options);
    const digest = ['inspect', '--format', '{{index .RepoDigests 0}}', name];
    const { stdout } = await execa('docker', digest, options);
    return { ref: stdout.trim(), version: programs.version };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function fill(
  root: string,
  { buildkitd, buildctl }: BuildkitPrograms,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  for (const folder of FOLDERS) await mkdir(join(root, folder), { recursive: true });
  const { stdout: runc } = await execa('which', ['runc'], { env, extendEnv: false });
  const bin = join(root, 'usr/bin');
  await copyFile(buildkitd, join(bin, 'buildkitd'));
  await copyFile(buildctl, join(bin, 'buildctl'));
  await copyFile(runc, join(bin, 'buildkit-runc'));
  const { stdout: linked } = await execa('ldd', [runc], { env, extendEnv: false });
  for (const [, library = ''] of linked.matchAll(/(\/\S+) \(0x/g)) {
    const folder = basename(library).startsWith('ld-linux') ? 'lib64' : 'lib';
    await copyFile(library, join(root, folder, basename(library)));
  }
}
