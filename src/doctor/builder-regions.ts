import type { Settings } from '../config/settings.ts';
import type { Machine } from '../image-step/machine.ts';
import { parseEcrHost } from '../registry/ecr-host.ts';
import type { BuilderRegion } from '../sccache/diagnosis.ts';

/** Where builds run: this machine if it is one of EC2, and where the cache registry is, which is beside the builders. */
export function builderRegions({ instance }: Machine, settings: Settings): readonly BuilderRegion[] {
  const registry = parseEcrHost(settings.cache.trusted.host);
  return [
    ...(instance === undefined
      ? []
      : [{ region: instance.zone.replace(/[a-z]$/, ''), from: 'this machine' }]),
    ...(registry?.kind === 'private' ? [{ region: registry.region, from: 'cache registry' }] : []),
  ];
}
