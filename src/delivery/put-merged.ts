import type { Host } from '../platform/host.ts';
import { type Repository, repositoryName } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import type { DeliverableCache } from './deliverable.ts';
import { mountAll, type MountReport } from './mount.ts';

/** What came of {@link putMerged}. */
export type PutMerged =
  /** `ref` is to be imported: `host/path@sha256:…`. */
  | { readonly state: 'put'; readonly ref: string; readonly mounts: MountReport }
  | { readonly state: 'not-possible'; readonly because: string };

/** What {@link putMerged} works with. */
export interface PutNeeds {
  readonly registry: Pick<Registry, 'mountBlob' | 'putBlob' | 'putManifest'>;
  readonly donors: ReadonlyMap<string, Repository>;
  readonly host: Pick<Host, 'signal'>;
}

/**
 * Writes a merged cache into `target`, a repository that this build may write: layers of other repositories are mounted, the
 * config uploaded, the manifest put under its digest alone. Without a tag nothing can collide, and the repository's rule for
 * untagged manifests clears it away. Rejects only with the reason of an interrupted run.
 */
export async function putMerged(
  cache: DeliverableCache,
  target: Repository,
  { registry, donors, host }: PutNeeds,
): Promise<PutMerged> {
  const name = repositoryName(target);
  const mounts = await mountAll(cache, [target], { registry, donors, host });
  host.signal.throwIfAborted();
  if (mounts.left > 0) {
    const [way] = mounts.closed;
    const because = way === undefined ? 'they are in another registry' : `from ${way.from}: ${way.because}`;
    return notPossible(`${mounts.left} layers cannot be mounted into ${name}, ${because}`);
  }
  const { config, manifest } = cache;
  const uploaded = await registry.putBlob(target, config.body);
  if (uploaded.state !== 'written') {
    return notPossible(`the merged config cannot be put into ${name}: ${reasonOf(uploaded)}`);
  }
  const put = await registry.putManifest({ ...target, digest: manifest.digest }, manifest);
  if (put.state !== 'written') {
    return notPossible(`the merged manifest cannot be put into ${name}: ${reasonOf(put)}`);
  }
  return { state: 'put', ref: `${name}@${manifest.digest}`, mounts };
}

function notPossible(because: string): PutMerged {
  return { state: 'not-possible', because };
}

function reasonOf(refusal: { readonly state: string; readonly because?: string }): string {
  return refusal.because ?? 'there is no such repository';
}
