import type { BuildContext } from '../context/context.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { type Reference, referenceName } from '../registry/reference.ts';
import { readMarks } from './marks.ts';
import { type NamingServices, otherImageText } from './promotion.ts';
import type { Writes } from './target-plan.ts';

/**
 * Throws `refused` where a name that is written once holds an image of another commit: found before anything is built. What a registry
 * does not answer here it is asked again before the name is written.
 */
export async function requireFreeTags(
  services: Pick<NamingServices, 'registry' | 'settings'>,
  { commit }: BuildContext,
  targets: readonly Pick<Writes, 'promotions'>[],
): Promise<void> {
  const names = targets.flatMap(({ promotions }) =>
    promotions.filter(({ writtenOnce }) => writtenOnce === true).map(({ to }) => to),
  );
  const asked = await Promise.all(names.map(async (ref) => await takenText(services, ref, commit)));
  const taken = asked.filter((text) => text !== undefined);
  if (taken.length === 0) return;
  throw new WarmbakeError('refused', 'tag-taken', taken.join('; '), {
    hint: 'a tag of one build or release is written once: give this one another, or delete the tag in the registry',
  });
}

async function takenText(
  { registry, settings }: Pick<NamingServices, 'registry' | 'settings'>,
  ref: Reference,
  commit: string | undefined,
): Promise<string | undefined> {
  const held = await readMarks(registry, ref, settings.bake.annotations);
  if (held.state !== 'found' || held.marks.revision === commit) return undefined;
  return `${referenceName(ref)} holds ${otherImageText(held)}`;
}
