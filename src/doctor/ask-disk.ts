import { statfs } from 'node:fs/promises';
import type { BuilderChoice, EngineFacts } from '../bake/builder.ts';
import { messageOf } from '../platform/errors.ts';
import type { FreeSpace } from './disk-space.ts';

/** The free space at `place`, for who is no superuser; or why it is not known. */
export async function freeSpace(place: string): Promise<FreeSpace | string> {
  try {
    const { bavail, blocks, bsize, ffree, files } = await statfs(place);
    const inodes = files > 0 ? { freeInodes: ffree / files } : {};
    return { place, freeBytes: bavail * bsize, bytes: blocks * bsize, ...inodes };
  } catch (error) {
    return `the space at ${place} cannot be seen: ${messageOf(error)}`;
  }
}

/** Where a BuildKit of its own keeps its store unless told otherwise (its docs/buildkitd.toml.md, `root`). */
const BUILDKIT_ROOT = '/var/lib/buildkit';

/** The free space where the builder of this run keeps its layers; or why it is not known. */
export async function builderSpace(
  engine: Pick<EngineFacts, 'endpoint' | 'root'>,
  choice: Pick<BuilderChoice, 'driver' | 'endpoint'> | undefined,
): Promise<FreeSpace | string> {
  if (choice?.driver === 'remote') {
    if (choice.endpoint?.startsWith('unix://') !== true)
      return `the builder is elsewhere, at ${choice.endpoint ?? '?'}`;
    const space = await freeSpace(BUILDKIT_ROOT);
    return typeof space === 'string'
      ? `where the BuildKit at ${choice.endpoint} keeps its store is not known`
      : space;
  }
  const { endpoint, root } = engine;
  if (endpoint !== undefined && !endpoint.startsWith('unix://'))
    return `the engine is elsewhere, at ${endpoint}`;
  return root === undefined ? 'no engine says where it keeps its store' : await freeSpace(root);
}
