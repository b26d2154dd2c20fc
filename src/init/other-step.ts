import { configurationVariables } from '../buildkite/configuration-variables.ts';
import type { Draft } from './draft.ts';
import { type CiStep, withoutProgram } from './step.ts';

/** No file can be written for a system that nobody knows: what every job has to say, as lines of an environment. */
export function otherStep({ file, trustedBranch, repository, program }: Draft): CiStep {
  const variables = {
    ...configurationVariables(file, trustedBranch.value),
    WARMBAKE_CI: 'other',
    WARMBAKE_CI_REPOSITORY: `https://${repository.value}.git`,
    WARMBAKE_CI_COMMIT: '<the commit, 40 digits>',
    WARMBAKE_CI_BRANCH: '<the branch; of a pull request its own>',
    WARMBAKE_CI_PULL_REQUEST: '<its number, or false>',
    WARMBAKE_CI_PULL_REQUEST_BASE: '<of a pull request: the branch that it is for>',
    WARMBAKE_CI_TAG: '<of a git tag: its name>',
    WARMBAKE_CI_BUILD_NUMBER: '<a number that grows>',
    WARMBAKE_CI_BUILD_ID: '<an id, the same in all jobs of the build>',
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
