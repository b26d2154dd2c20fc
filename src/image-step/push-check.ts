import { type Reference, type Repository, repositoryName } from '../registry/reference.ts';
import type { PushRight } from '../registry/push-right.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import type { BuildServices } from './build-services.ts';
import type { BuildPlan } from './plan.ts';
import type { AskPushRight } from './push-rights.ts';

/**
 * Finds a push that cannot work before the build starts. An image that cannot be pushed stops it; a cache that cannot
 * be exported is only left out.
 */
export async function checkPush(
  { host, pushRight }: Pick<BuildServices, 'host'> & { readonly pushRight: AskPushRight },
  plan: BuildPlan,
): Promise<BuildPlan> {
  const building = plan.targets.filter((t) => t.skip.decision === 'build');
  const [images, caches] = await Promise.all([
    pushProblems(
      pushRight,
      building.flatMap((t) => t.tags),
    ),
    pushProblems(
      pushRight,
      building.flatMap((t) => t.exportTo),
    ),
  ]);
  if (images.size > 0) {
    const each = [...images].map(([name, { because }]) => `${name}: ${because}`);
    // Refused once more a minute later: nobody need try again.
    const refused = [...images.values()].every(
      ({ kind }) => kind === 'denied' || kind === 'missing-repository',
    );
    throw new WarmbakeError(
      refused ? 'refused' : 'outside',
      'push-impossible',
      `the image cannot be pushed: ${each.join('; ')}`,
      {
        hint: hintFor(images),
      },
    );
  }
  for (const [name, { because }] of caches) {
    warn(host.emit, 'cache-export-impossible', `no cache is exported to ${name}: ${because}`);
  }
  if (caches.size === 0) return plan;
  const writable = (ref: Repository): boolean => !caches.has(repositoryName(ref));
  return {
    ...plan,
    targets: plan.targets.map((t) => ({
      ...t,
      exportTo: t.exportTo.filter(writable),
      promotions: t.promotions.filter((p) => p.what === 'image' || writable(p.from)),
    })),
  };
}

function hintFor(problems: ReadonlyMap<string, CannotPush>): string {
  const silent = [...problems.values()].filter(({ kind }) => kind === 'unreachable' || kind === 'throttled');
  return silent.length === problems.size
    ? "the registry did not answer: check its name, and that this machine's network reaches it"
    : 'check that the repository exists and that this job may write to it';
}

type CannotPush = Extract<PushRight, { readonly can: false }>;

/** Why the registry would not take what goes to these refs, by repository; nothing is written. */
async function pushProblems(
  pushRight: AskPushRight,
  refs: readonly Reference[],
): Promise<ReadonlyMap<string, CannotPush>> {
  const repositories = new Map(refs.map((ref) => [repositoryName(ref), ref]));
  const answers = await Promise.all(
    [...repositories].map(async ([name, ref]) => [name, await pushRight(ref)] as const),
  );
  return new Map(answers.flatMap(([name, right]) => (right.can ? [] : [[name, right] as const])));
}
