import type { DonorShare } from '../../delivery/attribution.ts';
import { importOf, NOTHING, type OpenImport } from '../../image-step/open-import.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { referenceName } from '../../registry/reference.ts';
import { closestDonor, type TargetCaches } from './donor.ts';
import type { TunnelledGateway } from './tunnelled-gateway.ts';

/** Why a build that imports a merged cache has to import something else. */
export type LoadFailure =
  /** It could not be imported at all; one phrase for people. */
  | { readonly kind: 'not-imported'; readonly because: string }
  /** A layer of it could not be loaded; BuildKit's words. */
  | { readonly kind: 'not-loaded'; readonly message: string };

/** Where warm builds load layers from: all caches as one while that works, else one cache for each target. Never two side by side. */
export interface WarmLayers {
  /** Reverse tunnels that the machine needs for it. */
  readonly tunnels: readonly string[];
  /** What a build of `target` imports now. */
  readonly of: (target: string) => OpenImport;
  /** Whether a build of `target` imports all caches as one. */
  readonly merged: () => boolean;
  /** Imports something else from now on, with a warning; `false` where nothing else is left to try. */
  readonly leave: (failure: LoadFailure) => Promise<boolean>;
  /** What each donor gave; empty where the registry itself was asked. */
  readonly shares: () => readonly DonorShare[];
  /** Nobody can load through this machine any more. Never rejects. */
  readonly close: () => Promise<void>;
}

/** Layers from one cache for each target as long as there is no `gateway`. */
export function warmLayers(
  host: Pick<Host, 'emit'>,
  caches: readonly TargetCaches[],
  gateway?: TunnelledGateway,
): WarmLayers {
  let merged = gateway?.opened;
  const close = async (): Promise<void> => await gateway?.opened.close();
  return {
    tunnels: gateway === undefined ? [] : [gateway.tunnel],
    of: (target) => merged ?? aloneFor(caches, target),
    merged: () => merged !== undefined,
    leave: async (failure) => {
      if (merged === undefined) return false;
      merged = failure.kind === 'not-loaded' ? merged.without(failure)?.opened : undefined;
      const because = failure.kind === 'not-loaded' ? failure.message : failure.because;
      const instead =
        merged === undefined
          ? 'each target is warmed from its closest cache alone'
          : 'trying again without the caches that have the layer';
      warn(host.emit, 'cache-not-merged', `${because}; ${instead}`);
      if (merged === undefined) await close();
      return true;
    },
    shares: () => gateway?.opened.shares([]) ?? [],
    close,
  };
}

/** For a build that imports nothing. */
export const NO_LAYERS: WarmLayers = warmLayers({ emit: () => undefined }, []);

function aloneFor(caches: readonly TargetCaches[], target: string): OpenImport {
  const donor = closestDonor(caches.find((each) => each.target === target)?.sources ?? []);
  return donor === undefined ? NOTHING : importOf(referenceName(donor.ref));
}
