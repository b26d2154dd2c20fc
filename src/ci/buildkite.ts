import type { FactVariables } from './named-variables.ts';

/** Variables of Buildkite's jobs (buildkite.com/docs/pipelines/configure/environment-variables). */
export const BUILDKITE_NAMES: FactVariables = {
  repository: 'BUILDKITE_REPO',
  branch: 'BUILDKITE_BRANCH',
  tag: 'BUILDKITE_TAG',
  pullRequest: 'BUILDKITE_PULL_REQUEST',
  base: 'BUILDKITE_PULL_REQUEST_BASE_BRANCH',
  pullRequestRepository: 'BUILDKITE_PULL_REQUEST_REPO',
  mergeQueueBase: 'BUILDKITE_MERGE_QUEUE_BASE_BRANCH',
  commit: 'BUILDKITE_COMMIT',
  defaultBranch: 'BUILDKITE_PIPELINE_DEFAULT_BRANCH',
  number: 'BUILDKITE_BUILD_NUMBER',
  id: 'BUILDKITE_BUILD_ID',
  idForm: { form: /^[0-9a-f-]{36}$/, meaning: 'the UUID of the build' },
  url: 'BUILDKITE_BUILD_URL',
  jobId: 'BUILDKITE_JOB_ID',
  stepKey: 'BUILDKITE_STEP_KEY',
  label: 'BUILDKITE_LABEL',
};
