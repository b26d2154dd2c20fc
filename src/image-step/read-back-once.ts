import type { Failure } from '../bake/failure.ts';
import { ruleOf } from '../bake/failure-classes.ts';
import { referenceName } from '../registry/reference.ts';
import type { BuildServices } from './build-services.ts';
import type { Promoted } from './promotion.ts';
import type { Writes } from './target-plan.ts';
import { type ReadBack, verifyTags } from './verify.ts';

/**
 * Reads back the names of a target that are written once. They are promised as those that the build pushes are: one that is missing is
 * a failure, where `latest` is a warning. `promoted` is what became of them; absent where the plan found nothing to be done.
 */
export async function readBackOnce(
  services: BuildServices,
  { promotions }: Pick<Writes, 'promotions'>,
  promoted?: readonly Promoted[],
): Promise<ReadBack> {
  const once = promotions.filter(({ writtenOnce }) => writtenOnce === true).map(({ to }) => to);
  const all = await Promise.all(
    once.map(async (ref): Promise<ReadBack> => {
      const name = referenceName(ref);
      const told = promoted?.find(({ promotion }) => referenceName(promotion.to) === name);
      if (promoted === undefined || (told !== undefined && told.action !== 'failed')) {
        return await verifyTags(services, [ref], told?.digest);
      }
      const because = told?.because ?? 'the image that it was to be given to could not be read';
      return { verified: [], unreadable: unwritten(`${name} was not written: ${because}`) };
    }),
  );
  const unreadable = all.find((one) => one.unreadable !== undefined)?.unreadable;
  return {
    verified: all.flatMap(({ verified }) => verified),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}

function unwritten(message: string): Failure {
  const { hint } = ruleOf('tag-not-readable');
  return {
    class: 'tag-not-readable',
    importing: false,
    message,
    ...(hint === undefined ? {} : { hint }),
  };
}
