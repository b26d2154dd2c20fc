import type { Output } from '../ci/report/ci-report.ts';
import { referenceName } from '../registry/reference.ts';
import type { BuildResult, TargetResult } from './result.ts';

/** What later steps and jobs are told. */
export type ToldBuild = Pick<BuildResult, 'outcome'> & {
  readonly targets: readonly Pick<TargetResult, 'name' | 'verified'>[];
};

/**
 * Outputs of a step: `outcome`; where something was read back under its tags also `image` and `digest`, the first of the first target, and
 * `tags`, every one, a line each.
 */
export function outputsOf({ outcome, targets }: ToldBuild): readonly Output[] {
  return [
    ['outcome', outcome],
    ...firstImage(targets, ['image', 'digest']),
    ...toldTags(targets, ['tags', '\n']),
  ];
}

/** The same as variables: `WARMBAKE_OUTCOME`, …; of several targets also `WARMBAKE_<TARGET>_IMAGE` and `_DIGEST`. */
export function outputVariables({ outcome, targets }: ToldBuild): readonly Output[] {
  const each = targets.flatMap((target) => {
    const name = `WARMBAKE_${target.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
    return firstImage([target], [`${name}_IMAGE`, `${name}_DIGEST`]);
  });
  return [
    ['WARMBAKE_OUTCOME', outcome],
    ...firstImage(targets, ['WARMBAKE_IMAGE', 'WARMBAKE_DIGEST']),
    ...(targets.length > 1 ? each : []),
    // The longest: where there is too much, this is left out.
    ...toldTags(targets, ['WARMBAKE_TAGS', ' ']),
  ];
}

function firstImage(
  targets: ToldBuild['targets'],
  [image, digest]: readonly [string, string],
): readonly Output[] {
  const [first] = targets.flatMap(({ verified }) => verified);
  if (first === undefined) return [];
  return [
    [image, referenceName(first.ref)],
    [digest, first.digest],
  ];
}

function toldTags(
  targets: ToldBuild['targets'],
  [name, between]: readonly [string, string],
): readonly Output[] {
  const tags = [...new Set(targets.flatMap(({ verified }) => verified.map(({ ref }) => referenceName(ref))))];
  return tags.length === 0 ? [] : [[name, tags.join(between)]];
}
