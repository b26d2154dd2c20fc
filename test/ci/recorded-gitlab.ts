/** Environments as GitLab makes them for one job each (docs.gitlab.com/ci/variables/predefined_variables), names and ids made up. */
import { COMMIT } from '../context/recorded.ts';

/** Variables of a job. */
export type GitlabJob = Readonly<Record<string, string>>;

const EVERY = {
  CI: 'true',
  GITLAB_CI: 'true',
  CI_COMMIT_SHA: COMMIT,
  CI_DEFAULT_BRANCH: 'main',
  CI_JOB_ID: '90001',
  CI_JOB_NAME: 'image-build',
  CI_JOB_URL: 'https://gitlab.com/acme/app/-/jobs/90001',
  CI_PIPELINE_ID: '80001',
  CI_PIPELINE_IID: '4711',
  CI_PIPELINE_URL: 'https://gitlab.com/acme/app/-/pipelines/80001',
  CI_PROJECT_ID: '70001',
  CI_PROJECT_PATH: 'acme/app',
  CI_PROJECT_URL: 'https://gitlab.com/acme/app',
  CI_REPOSITORY_URL: 'https://gitlab-ci-token:made-up@gitlab.com/acme/app.git',
  CI_SERVER_HOST: 'gitlab.com',
  GITLAB_USER_LOGIN: 'octocat',
} as const;

/** A pipeline of a branch. */
export function onBranch(branch: string, source = 'push', more: GitlabJob = {}): GitlabJob {
  return {
    ...EVERY,
    CI_PIPELINE_SOURCE: source,
    CI_COMMIT_BRANCH: branch,
    CI_COMMIT_REF_NAME: branch,
    CI_COMMIT_REF_PROTECTED: branch === 'main' ? 'true' : 'false',
    ...more,
  };
}

/** A pipeline of a tag. */
export function onTag(tag: string, more: GitlabJob = {}): GitlabJob {
  return {
    ...EVERY,
    CI_PIPELINE_SOURCE: 'push',
    CI_COMMIT_TAG: tag,
    CI_COMMIT_REF_NAME: tag,
    CI_COMMIT_REF_PROTECTED: 'true',
    ...more,
  };
}

/** A pipeline of merge request 7, in the project itself. */
export function mergeRequest(more: GitlabJob = {}): GitlabJob {
  return {
    ...EVERY,
    CI_PIPELINE_SOURCE: 'merge_request_event',
    CI_COMMIT_REF_NAME: 'work',
    CI_COMMIT_REF_PROTECTED: 'false',
    CI_MERGE_REQUEST_EVENT_TYPE: 'detached',
    CI_MERGE_REQUEST_IID: '7',
    CI_MERGE_REQUEST_PROJECT_PATH: 'acme/app',
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'work',
    CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'acme/app',
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
    CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED: 'true',
    ...more,
  };
}
