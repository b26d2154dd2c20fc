import { askSource } from '../cache/probe.ts';
import type { BuildServices } from '../image-step/build-services.ts';
import type { Host } from '../platform/host.ts';
import type { PushRight } from '../registry/push-right.ts';
import { type Repository, repositoryName } from '../registry/reference.ts';
import { createRegistry, type Registry } from '../registry/registry.ts';
import type { DoctorFinding } from './finding.ts';
import { type MountWay, type PlannedRefs, mountWays, repositoriesOf } from './planned-refs.ts';
import {
  type AnsweredRead,
  type AskedWrite,
  type HeardRegistry,
  type TriedMount,
  mountFinding,
  readFindings,
  registryFinding,
  pushFinding,
} from './registry-findings.ts';

/** How long a registry may take for one answer, and how long refusals that may pass are tried again, in milliseconds. */
const PATIENCE = { timeoutMs: 5_000, patienceMs: 1_500 } as const;

/**
 * Asks for everything that a build would read, and for the right to everything that it would push: an upload is begun and abandoned.
 * Then mounts between them with layers that both have already: nothing is there afterwards that was not before.
 */
export async function askRegistries(
  host: Host,
  { credentials }: Pick<BuildServices, 'credentials'>,
  refs: PlannedRefs,
): Promise<readonly DoctorFinding[]> {
  const registry = createRegistry(host, credentials);
  const written = new Map<string, { readonly repository: Repository; readonly holds: 'images' | 'caches' }>([
    ...repositoriesOf(refs.caches).map(
      (repository) => [repositoryName(repository), { repository, holds: 'caches' }] as const,
    ),
    ...repositoriesOf(refs.images).map(
      (repository) => [repositoryName(repository), { repository, holds: 'images' }] as const,
    ),
  ]);
  const [reads, writes] = await Promise.all([
    Promise.all(
      refs.reads.map(async ({ ref }): Promise<AnsweredRead> => ({
        ref,
        answer: await askSource(ref, { registry, host }),
      })),
    ),
    Promise.all(
      [...written.values()].map(async ({ repository, holds }): Promise<AskedWrite> => ({
        repository,
        holds,
        right: await registry.canPush(repository, PATIENCE),
      })),
    ),
  ]);
  const found = reads.filter(({ answer }) => answer.state === 'found').map(({ ref }) => ref);
  const pushable = new Set(
    writes.filter(({ right }) => right.can).map((one) => repositoryName(one.repository)),
  );
  const ways = mountWays(found, refs).filter(({ to }) => pushable.has(repositoryName(to)));
  const mounts = await Promise.all(
    ways.map(async (way) => mountFinding(way, await tryMount(registry, way, reads))),
  );
  const hosts = hostsOf(reads, writes);
  // Of a registry that says nothing, one line is enough.
  const silent = new Set(hosts.filter(({ answers }) => !answers).map((heard) => heard.host));
  return [
    ...hosts.map((heard) =>
      registryFinding(heard, { written: writes.some(({ repository }) => repository.host === heard.host) }),
    ),
    ...readFindings(reads.filter(({ ref }) => !silent.has(ref.host))),
    ...writes.filter(({ repository }) => !silent.has(repository.host)).map(pushFinding),
    ...mounts,
  ];
}

/** Each registry, and whether one of its answers was an answer. */
function hostsOf(reads: readonly AnsweredRead[], writes: readonly AskedWrite[]): readonly HeardRegistry[] {
  const told = [
    ...reads.map(({ ref, answer }) => ({
      host: ref.host,
      because: answer.state === 'failed' ? answer.because : undefined,
    })),
    ...writes.map(({ repository, right }) => ({ host: repository.host, because: silenceOf(right) })),
  ];
  return [...new Set(told.map(({ host }) => host))].map((host) => {
    const own = told.filter((one) => one.host === host);
    const [because] = own.flatMap((one) => one.because ?? []);
    const answers = own.some((one) => one.because === undefined);
    return { host, answers, ...(because === undefined ? {} : { because }) };
  });
}

function silenceOf(right: PushRight): string | undefined {
  return !right.can && right.kind === 'unreachable' ? right.because : undefined;
}

/** Layers that are looked for in both repositories. */
const LAYERS = 8;

async function tryMount(
  registry: Registry,
  { from, to }: MountWay,
  reads: readonly AnsweredRead[],
): Promise<TriedMount> {
  const layers = reads
    .filter(({ ref }) => repositoryName(ref) === repositoryName(from))
    .flatMap(({ answer }) => (answer.state === 'found' ? answer.manifest.layers : []));
  for (const digest of [...new Set(layers.map((layer) => layer.digest))].slice(0, LAYERS)) {
    const blob = await registry.openBlob(to, digest, { ...PATIENCE, range: 'bytes=0-0' });
    if (blob.state === 'open') await blob.stream.cancel().catch(() => undefined);
    if (blob.state === 'open' || blob.state === 'redirected') {
      return await registry.mountBlob({ target: to, digest, from }, PATIENCE);
    }
  }
  return { state: 'no-layer' };
}
