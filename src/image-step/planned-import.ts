import type { Delivery } from '../delivery/choose-delivery.ts';
import { filesBetween } from '../context/distance.ts';
import type { Source } from '../cache/chain.ts';
import { warn } from '../platform/events.ts';
import { type Reference, referenceName } from '../registry/reference.ts';
import type { BuildServices } from './build-services.ts';
import { closestSource } from './import-plan.ts';
import { importOf, NOTHING, openImport, type OpenImport } from './open-import.ts';
import type { Work } from './work.ts';

/** The import of a bake, and the ways that are left where it does not work. */
export interface CurrentImport {
  readonly opened: OpenImport;
  readonly left: readonly Delivery[];
}

/** Opens what the plan says. */
export async function plannedImport(services: BuildServices, work: Work): Promise<CurrentImport> {
  const { import: plan } = work.plan;
  switch (plan.way) {
    case 'none':
      return { opened: NOTHING, left: [] };
    case 'single': {
      const ref = await closest(services, work);
      return { opened: ref === undefined ? NOTHING : importOf(referenceName(ref)), left: [] };
    }
    case 'gateway':
    case 'registry':
      return await open(services, work, plan.order);
  }
}

/** The next way, after BuildKit did not reach the first one. */
export async function nextImport(
  services: BuildServices,
  work: Work,
  { opened, left }: CurrentImport,
): Promise<CurrentImport> {
  await opened.close();
  const message = `the builder ${work.plan.builder.name} does not reach this machine's loopback`;
  warn(services.host.emit, 'gateway-not-reached', `${message}; trying again by ${left[0] ?? 'nothing'}`);
  return await open(services, work, left);
}

async function open(services: BuildServices, work: Work, order: readonly Delivery[]): Promise<CurrentImport> {
  const { import: plan } = work.plan;
  if (plan.way !== 'gateway' && plan.way !== 'registry') return { opened: NOTHING, left: [] };
  const repository = work.targets.flatMap(({ exportTo }) => exportTo)[0];
  const parts = { plan, repository, closest: async () => await closest(services, work) };
  return { opened: await openImport(services, parts, order), left: order.slice(1) };
}

/** The closest source of the targets that are baked together, judged by git; none where it says nothing. */
async function closest(services: BuildServices, { targets }: Work): Promise<Reference | undefined> {
  const sources = targets.flatMap((target) => target.sources);
  const commits = sources
    .filter(({ state }) => state === 'found')
    .flatMap(({ revision }: Source) => revision ?? []);
  const host = { ...services.host, cwd: services.settings.root };
  const counted = await Promise.all(
    [...new Set(commits)].map(async (commit) => [commit, await filesBetween(host, commit)] as const),
  );
  const ref = closestSource(
    sources,
    new Map(counted.flatMap(([commit, files]) => (files === undefined ? [] : [[commit, files]]))),
  );
  if (ref === undefined) return undefined;
  const probed = sources.every(({ state }) => state !== 'unprobed');
  if ((await services.silence?.isSilent(ref, { probed })) !== true) return ref;
  const message = `${referenceName(ref)} was asked for and said nothing; nothing is imported`;
  warn(services.host.emit, 'cache-silent', message);
  return undefined;
}
