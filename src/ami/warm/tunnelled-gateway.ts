import { mergeCaches } from '../../cache/merge.ts';
import { openGateway } from '../../delivery/gateway.ts';
import { placesOf } from '../../image-step/import-plan.ts';
import { type OpenImport, throughGateway } from '../../image-step/open-import.ts';
import { messageOf } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import { freePort } from '../../platform/free-port.ts';
import type { Host } from '../../platform/host.ts';
import type { Registry } from '../../registry/registry.ts';
import type { TargetCaches } from './donor.ts';

/** All caches as one, for a BuildKit on another machine. */
export interface TunnelledGateway {
  readonly opened: OpenImport;
  /** `THERE:127.0.0.1:HERE`: what a reverse tunnel has to lead from the other machine's loopback to this one's. */
  readonly tunnel: string;
}

/**
 * Merges the caches of all targets and serves them on this machine's loopback. The other machine calls it by another port, which is free
 * here too: a machine that is played by this one shares its ports. `undefined`, with a warning where there is something to say, where
 * nothing was found or nothing can be merged or served.
 */
export async function openTunnelledGateway(
  host: Host,
  registry: Registry,
  caches: readonly TargetCaches[],
): Promise<TunnelledGateway | undefined> {
  const found = caches.flatMap((each) => each.donors);
  const donors = [...new Map(found.map((donor) => [donor.id, donor])).values()];
  const merged = mergeCaches(donors);
  if (merged === undefined) return undefined;
  for (const { id, because } of merged.leftOut) {
    warn(host.emit, 'cache-not-merged', `not imported: ${id}: ${because}`);
  }
  const places = placesOf(caches.flatMap(({ sources }) => sources));
  try {
    const gateway = await openGateway(merged, { registry, donors: places, host });
    const [, here = '', rest = ''] = /^127\.0\.0\.1:(\d+)(\/.*)$/.exec(gateway.ref) ?? [];
    const there = await freePort();
    return {
      opened: throughGateway(gateway, { donors, merged, ref: `127.0.0.1:${there}${rest}` }),
      tunnel: `${there}:127.0.0.1:${here}`,
    };
  } catch (error) {
    host.signal.throwIfAborted();
    warn(host.emit, 'cache-not-merged', `this machine cannot serve a merged cache: ${messageOf(error)}`);
    return undefined;
  }
}
