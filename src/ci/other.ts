import type { FactVariables } from './named-variables.ts';

/** Variables of ours, which a pipeline of any system sets: with WARMBAKE_CI=other they say what a build is. */
export const OTHER_NAMES: FactVariables = {
  repository: 'WARMBAKE_CI_REPOSITORY',
  branch: 'WARMBAKE_CI_BRANCH',
  tag: 'WARMBAKE_CI_TAG',
  pullRequest: 'WARMBAKE_CI_PULL_REQUEST',
  base: 'WARMBAKE_CI_PULL_REQUEST_BASE',
  mergeQueueBase: 'WARMBAKE_CI_MERGE_QUEUE_BASE',
  commit: 'WARMBAKE_CI_COMMIT',
  defaultBranch: 'WARMBAKE_CI_DEFAULT_BRANCH',
  number: 'WARMBAKE_CI_BUILD_NUMBER',
  id: 'WARMBAKE_CI_BUILD_ID',
  idForm: {
    form: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    meaning: 'the id of the build: letters, digits, ., _ and -',
  },
  url: 'WARMBAKE_CI_BUILD_URL',
  jobId: 'WARMBAKE_CI_JOB_ID',
  stepKey: 'WARMBAKE_CI_STEP',
  label: 'WARMBAKE_CI_LABEL',
};

/** Of those that name no fact of a build. */
export const OTHER_EXTRAS = { actor: 'WARMBAKE_CI_ACTOR', checkout: 'WARMBAKE_CI_CHECKOUT' } as const;

/** All variables with which a pipeline speaks to this room. */
export const OUR_VARIABLES: readonly string[] = [
  'WARMBAKE_CI',
  ...Object.values(OTHER_NAMES).filter((name) => typeof name === 'string'),
  ...Object.values(OTHER_EXTRAS),
];
