import type { BuildServices } from '../image-step/build-services.ts';
import { requireFreeTags } from '../image-step/taken-tags.ts';
import type { Host } from '../platform/host.ts';
import { createRegistry } from '../registry/registry.ts';
import { type DoctorFinding, ok, skipped } from './finding.ts';
import type { FoundPlan } from './find-plan.ts';

/** Whether tags that are written once are free, or this commit's own. */
export async function askFreeTags(
  host: Host,
  { credentials, settings }: Pick<BuildServices, 'credentials' | 'settings'>,
  { context, writes }: FoundPlan,
): Promise<readonly DoctorFinding[]> {
  const check = 'free-tags';
  const once = writes.flatMap(({ promotions }) => promotions.filter((p) => p.writtenOnce === true));
  if (once.length === 0) return [skipped(check, 'this build writes no tag that is written once')];
  await requireFreeTags({ registry: createRegistry(host, credentials), settings }, context, writes);
  return [ok(check, `free, or of this commit: ${once.map(({ to }) => to.tag).join(', ')}`)];
}
