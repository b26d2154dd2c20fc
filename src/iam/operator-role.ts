import { holdParameter } from '../ami/model/hold.ts';
import { revocationsParameter } from '../ami/model/revocations.ts';
import { type IamStatement, allow } from '../platform/iam-policy.ts';
import { repositoryPatterns } from '../refs/repository-use.ts';
import { ecrStatements } from '../registry/ecr-policy.ts';
import { stateStatements } from '../state/policy.ts';
import { OWN_TAG_KEYS, type FamilyScope, imageArns, taggedAs, taggedWhenMade } from './family-scope.ts';
import {
  drainingGroups,
  readingFleet,
  readingParameters,
  restoringFast,
  rollingStacks,
  writingParameters,
} from './fleet-statements.ts';

/**
 * A person who goes back, holds, revokes and promotes. Builds and deletes nothing: a name can only be moved to what the registry holds
 * already. Images from before this tool can be taken into the family, those of another one cannot.
 */
export function operatorStatements(scope: FamilyScope): readonly IamStatement[] {
  const { family, settings, state, account } = scope;
  const { images, cache } = repositoryPatterns(settings);
  const on = imageArns(scope);
  return [
    ...readingFleet(scope),
    readingParameters(scope),
    writingParameters(scope, [family.parameter, holdParameter(family), revocationsParameter(family)]),
    ...rollingStacks(scope),
    ...restoringFast(scope),
    drainingGroups(scope),
    allow('Tag', ['ec2:CreateTags'], {
      on,
      when: { StringEqualsIfExists: { ...taggedAs(family), ...taggedWhenMade(family) }, ...OWN_TAG_KEYS },
    }),
    allow('Untag', ['ec2:DeleteTags'], { on, when: { StringEquals: taggedAs(family), ...OWN_TAG_KEYS } }),
    ...ecrStatements({ pulls: [], pushes: [], names: [...images.trusted, ...cache.trusted] }, account),
    ...stateStatements(state, family.region, [
      { area: { kind: 'machine-image', family: family.key }, access: 'write' },
    ]),
  ];
}
