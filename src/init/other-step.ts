import { OTHER_NAMES } from '../ci/other.ts';
import { configurationVariables } from '../buildkite/configuration-variables.ts';
import type { Draft } from './draft.ts';
import { type CiStep, withoutProgram } from './step.ts';

/** No file can be written for a system that nobody knows: what every job has to say, as lines of an environment. */
export function otherStep({ file, trustedBranch, repository, program }: Draft): CiStep {
  const variables = {
    ...configurationVariables(file, trustedBranch.value),
    WARMBAKE_CI: 'other',
    [OTHER_NAMES.repository]: `https://${repository.value}.git`,
    [OTHER_NAMES.commit]: '<the commit, 40 digits>',
    [OTHER_NAMES.branch]: '<the branch; of a pull request its own>',
    [OTHER_NAMES.pullRequest]: '<its number, or false>',
    [OTHER_NAMES.base]: '<of a pull request: the branch that it is for>',
    [OTHER_NAMES.tag]: '<of a git tag: its name>',
    [OTHER_NAMES.number]: '<a number that grows>',
    [OTHER_NAMES.id]: '<an id, the same in all jobs of the build>',
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return {
    text: [...lines, `${program} build`].join('\n'),
    beside: [
      'a job sets these variables from what its CI says, never from what a pull request wrote, and calls the last line',
      ...withoutProgram(program),
    ],
  };
}
