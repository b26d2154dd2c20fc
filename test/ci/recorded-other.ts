/** What a pipeline of any other system says with variables of ours; Jenkins' own stand beside them. */
import { COMMIT } from '../context/recorded.ts';

/** Variables of a job. */
export type OtherJob = Readonly<Record<string, string>>;

const EVERY = {
  JENKINS_URL: 'https://jenkins.example.com/',
  WARMBAKE_CI: 'other',
  WARMBAKE_CI_REPOSITORY: 'https://git.example.com/acme/app.git',
  WARMBAKE_CI_COMMIT: COMMIT,
  WARMBAKE_CI_DEFAULT_BRANCH: 'main',
  WARMBAKE_CI_BUILD_NUMBER: '4711',
  WARMBAKE_CI_BUILD_ID: 'app-main-4711',
  WARMBAKE_CI_BUILD_URL: 'https://jenkins.example.com/job/app/4711/',
} as const;

/** A job of a branch. */
export function branchJob(branch: string, more: OtherJob = {}): OtherJob {
  return { ...EVERY, WARMBAKE_CI_BRANCH: branch, WARMBAKE_CI_PULL_REQUEST: 'false', ...more };
}

/** A job of pull request 7. */
export function proposalJob(more: OtherJob = {}): OtherJob {
  return branchJob('work', { WARMBAKE_CI_PULL_REQUEST: '7', WARMBAKE_CI_PULL_REQUEST_BASE: 'main', ...more });
}
