import { type Donor, type MergedCache, mergeCaches } from '../cache/merge.ts';
import { attribute, type DonorShare } from '../delivery/attribution.ts';
import type { Delivery } from '../delivery/choose-delivery.ts';
import { type Gateway, openGateway } from '../delivery/gateway.ts';
import { putMerged } from '../delivery/put-merged.ts';
import type { HiddenText } from '../bake/hidden-text.ts';
import type { StepSummary } from '../bake/record.ts';
import { messageOf } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import { type Reference, type Repository, referenceName } from '../registry/reference.ts';
import type { BuildServices } from './build-services.ts';
import type { ImportPlan } from './import-plan.ts';
import { suspects } from './suspects.ts';

/** The layers that a bake may load, ready for BuildKit. */
export interface OpenImport {
  /** CSV entries of `cache-from`; never more than one. */
  readonly cacheFrom: readonly string[];
  /** What must not be seen of it while the run lasts. */
  readonly hidden: readonly HiddenText[];
  /** BuildKit was told of it and did not come: it has another loopback than this machine. */
  readonly missed: () => boolean;
  /** What each donor gave so far; empty where nobody can tell. */
  readonly shares: (steps: readonly StepSummary[]) => readonly DonorShare[];
  /**
   * For the next try: without the donors that `failure` can be due to; without nobody where it is due to another build's gateway.
   * `undefined` where none is known, or none would be left.
   */
  readonly without: (failure: { readonly message: string }) => Fewer | undefined;
  readonly close: () => Promise<void>;
}

/** An import from fewer donors than before. */
export interface Fewer {
  readonly opened: OpenImport;
  /** Ids of those that are left out now. */
  readonly dropped: readonly string[];
}

/** What an import is made from. */
export interface ImportParts {
  readonly plan: Extract<ImportPlan, { readonly way: 'gateway' | 'registry' }>;
  /** Where a merged cache may be written, where there is such a place. */
  readonly repository: Repository | undefined;
  /** Imported where nothing else works. */
  readonly closest: () => Promise<Reference | undefined>;
}

/** No layers are loaded. */
export const NOTHING: OpenImport = {
  cacheFrom: [],
  hidden: [],
  missed: () => false,
  shares: () => [],
  without: () => undefined,
  close: async () => await Promise.resolve(),
};

/** One ref of a registry. */
export function importOf(ref: string): OpenImport {
  return { ...NOTHING, cacheFrom: [`type=registry,ref=${ref}`] };
}

/** Opens the import in the first way of `order` that works; the last one always does. */
export async function openImport(
  services: Pick<BuildServices, 'host' | 'registry'>,
  parts: ImportParts,
  order: readonly Delivery[],
): Promise<OpenImport> {
  const { plan, repository, closest } = parts;
  const [way, ...others] = order;
  if (way === 'gateway') {
    try {
      const gateway = await openGateway(plan.merged, {
        registry: services.registry,
        donors: plan.places,
        host: services.host,
      });
      return throughGateway(gateway, plan);
    } catch (error) {
      services.host.signal.throwIfAborted();
      warn(services.host.emit, 'gateway-not-opened', messageOf(error));
      return await openImport(services, parts, others);
    }
  }
  if (way === 'registry' && repository !== undefined) {
    const put = await putMerged(plan.merged, repository, { ...services, donors: plan.places });
    if (put.state === 'put') return importOf(put.ref);
    warn(services.host.emit, 'cache-not-merged', `${put.because}; the closest cache is imported alone`);
    return await openImport(services, parts, others);
  }
  const ref = await closest();
  return ref === undefined ? NOTHING : importOf(referenceName(ref));
}

/** What a gateway was opened for. */
export interface GatewayImport {
  readonly donors: readonly Donor[];
  readonly merged: MergedCache;
  /** What BuildKit calls the gateway; default: what this machine calls it. */
  readonly ref?: string;
}

/** The cache that `gateway` serves. */
export function throughGateway(
  gateway: Gateway,
  { donors, merged, ref = gateway.ref }: GatewayImport,
): OpenImport {
  const open = (current: MergedCache, left: readonly Donor[]): OpenImport => ({
    cacheFrom: [`type=registry,ref=${ref}`],
    hidden: [
      { text: ref, shown: 'gateway/cache:merged' },
      // BuildKit's errors have an URL with it.
      { text: secretOf(ref), shown: '…' },
    ],
    missed: () => !gateway.reached(),
    shares: (steps) =>
      attribute(
        donors.map(({ id }) => id),
        { served: gateway.served(), failures: gateway.failures() },
        steps,
      ),
    without: ({ message }) => {
      if (isOfAnother(message, ref)) return { opened: open(current, left), dropped: [] };
      const seen = { served: gateway.served(), failures: gateway.failures() };
      const blamed = suspects(message, { blobs: current.blobs, ...seen });
      const rest = left.filter(({ id }) => !blamed.has(id));
      const next = rest.length === left.length ? undefined : mergeCaches(rest);
      if (next === undefined) return undefined;
      gateway.replace(next);
      const dropped = left.filter((donor) => !rest.includes(donor)).map(({ id }) => id);
      return { opened: open(next, rest), dropped };
    },
    close: async () => await gateway.close(),
  });
  return open(merged, donors);
}

/**
 * BuildKit runs a step once for all builds that have it at the same time, and its layers then come by the gateway of one of them. That one
 * may have ended meanwhile: no donor of this build is to blame. Secrets are hidden in `message`.
 */
function isOfAnother(message: string, ref: string): boolean {
  const gateways = message.matchAll(/\b(127\.0\.0\.1:\d+)\/v2\/…\/cache\//g);
  return [...gateways].some(([, address]) => address !== ref.split('/')[0]);
}

/** Of `127.0.0.1:PORT/<32 hex digits>/cache:merged`. */
function secretOf(ref: string): string {
  return ref.split('/')[1] ?? ref;
}
