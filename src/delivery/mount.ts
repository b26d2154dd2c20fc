import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { inParallel } from '../platform/parallel.ts';
import { type Digest, type Repository, repositoryName } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import type { DeliverableCache } from './deliverable.ts';

/** What {@link mountAll} works with. */
export interface MountNeeds {
  readonly registry: Pick<Registry, 'mountBlob'>;
  /** The repository of each donor, by its id. */
  readonly donors: ReadonlyMap<string, Repository>;
  readonly host: Pick<Host, 'signal'>;
  /** Ends the work early; default the run's signal. */
  readonly signal?: AbortSignal;
  /** Mounts at a time; default 8. */
  readonly concurrency?: number;
}

/** A way between two repositories that the registry does not go. */
export interface ClosedWay {
  readonly from: string;
  readonly to: string;
  /** One phrase for people. */
  readonly because: string;
}

/** What came of {@link mountAll}. */
export interface MountReport {
  /** Blobs that the targets have now; one in two targets counts twice. */
  readonly mounted: number;
  readonly bytes: number;
  /** Blobs that a target still lacks, as far as is known. */
  readonly left: number;
  readonly closed: readonly ClosedWay[];
}

/** For one mount, in milliseconds: it moves no bytes. */
const MOUNT_MS = 15_000;

/**
 * Makes the donors' layers blobs of `targets`, without moving a byte, so that the exporter finds them there. A way between
 * two repositories is given up at the first layer that is not mounted on it. Never rejects.
 */
export async function mountAll(
  cache: Pick<DeliverableCache, 'blobs'>,
  targets: readonly Repository[],
  { registry, donors, host, signal = host.signal, concurrency = 8 }: MountNeeds,
): Promise<MountReport> {
  const closed = new Map<string, ClosedWay>();
  let mounted = 0;
  let bytes = 0;
  let left = 0;

  async function mount({ digest, size, from, target }: Mount): Promise<void> {
    for (const source of from) {
      const way = { from: repositoryName(source), to: repositoryName(target) };
      const key = `${way.from} ${way.to}`;
      if (signal.aborted || closed.has(key)) continue;
      const because = await tryMount({ target, digest, from: source });
      if (because === undefined) {
        mounted += 1;
        bytes += size;
        return;
      }
      if (!closed.has(key)) closed.set(key, { ...way, because });
    }
    left += 1;
  }

  /** Why not; `undefined` where it was mounted. */
  async function tryMount(job: Parameters<Registry['mountBlob']>[0]): Promise<string | undefined> {
    try {
      const outcome = await registry.mountBlob(job, { signal, timeoutMs: MOUNT_MS });
      switch (outcome.state) {
        case 'mounted':
          return undefined;
        case 'not-mounted':
          return 'the registry does not mount';
        case 'missing':
          return 'there is no such repository';
        case 'denied':
        case 'throttled':
        case 'failed':
          return outcome.because;
      }
    } catch (error) {
      return messageOf(error);
    }
  }

  await inParallel(mountsOf(cache, targets, { donors }), mount, { limit: concurrency });
  return { mounted, bytes, left, closed: [...closed.values()] };
}

interface Mount {
  readonly digest: Digest;
  readonly size: number;
  readonly target: Repository;
  readonly from: readonly Repository[];
}

/** A target that is a donor's own repository has the layer already; another registry cannot be mounted from. */
function mountsOf(
  { blobs }: Pick<DeliverableCache, 'blobs'>,
  targets: readonly Repository[],
  { donors }: Pick<MountNeeds, 'donors'>,
): readonly Mount[] {
  return targets.flatMap((target) =>
    [...blobs].flatMap(([digest, { descriptor, donors: ids }]): readonly Mount[] => {
      const homes = new Map(
        ids.flatMap((id) => {
          const home = donors.get(id);
          return home === undefined ? [] : [[repositoryName(home), home] as const];
        }),
      );
      if (homes.has(repositoryName(target))) return [];
      const from = [...homes.values()].filter(({ host }) => host === target.host);
      return [{ digest, size: descriptor.size, target, from }];
    }),
  );
}
