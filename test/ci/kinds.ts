import { COMMIT, push } from '../context/recorded.ts';
import { type GithubJob, grouped, onRef, proposed, pushed } from './recorded-github.ts';
import { type GitlabJob, mergeRequest, onBranch, onTag } from './recorded-gitlab.ts';
import { branchJob, proposalJob } from './recorded-other.ts';

/** One kind of build of one system, and what follows from it with `trustedBranch: main`. */
export interface Kind {
  readonly system: 'Buildkite' | 'GitHub' | 'GitLab' | 'any other';
  readonly build: string;
  readonly env: Readonly<Record<string, string>>;
  /** What GITHUB_EVENT_PATH leads to. */
  readonly event?: object;
  readonly origin: 'main' | 'branch' | 'pull-request' | 'merge-queue' | 'tag';
  /** Why it is (not) trusted. */
  readonly because: string;
  /** Names of caches and images, by their repository. */
  readonly writes: string;
}

const MAIN = { origin: 'main', writes: 'trusted COMMIT, trusted latest' } as const;
const LIKE_MAIN = { origin: 'main', writes: 'untrusted COMMIT, untrusted main' } as const;
const PROPOSAL = {
  origin: 'pull-request',
  because: 'pull request 7',
  writes: 'untrusted COMMIT, untrusted pr-7',
} as const;
const WORK = {
  origin: 'branch',
  because: 'branch work is not main',
  writes: 'untrusted COMMIT, untrusted work',
} as const;
const TAG = { origin: 'tag', because: 'tag v1', writes: 'untrusted COMMIT' } as const;
const QUEUE = `gh-readonly-queue/main/pr-7-${'d'.repeat(40)}`;

function trustedIn(host: string): Pick<Kind, 'origin' | 'because' | 'writes'> {
  return { ...MAIN, because: `branch main of ${host}/acme/app` };
}

const BUILDKITE: readonly Omit<Kind, 'system'>[] = [
  { build: 'a push to main', env: push('main'), ...trustedIn('github.com') },
  { build: 'a push to another branch', env: push('work'), ...WORK },
  {
    build: 'a pull request',
    env: push('work', { BUILDKITE_PULL_REQUEST: '7', BUILDKITE_PULL_REQUEST_BASE_BRANCH: 'main' }),
    ...PROPOSAL,
  },
  {
    build: 'a merge queue',
    env: push(QUEUE),
    origin: 'merge-queue',
    because: 'merge queue of main',
    writes: 'untrusted COMMIT',
  },
  { build: 'a tag', env: push('v1', { BUILDKITE_TAG: 'v1' }), ...TAG },
  {
    build: "a fork's own pipeline, branch main",
    env: push('main', { BUILDKITE_REPO: 'git@github.com:octocat/app.git' }),
    ...LIKE_MAIN,
    because: 'repository github.com/octocat/app is not github.com/acme/app',
  },
];

const job = ({ env, event }: GithubJob): Pick<Kind, 'env' | 'event'> => ({ env, event });
const byHand = { inputs: {}, workflow: '.github/workflows/ci.yml' };
const others = (event: string): string =>
  `event ${event} runs with this branch's rights on what others may have written`;

const GITHUB: readonly Omit<Kind, 'system'>[] = [
  { build: '`push` to main', ...job(pushed('refs/heads/main')), ...trustedIn('github.com') },
  { build: '`push` to another branch', ...job(pushed('refs/heads/work')), ...WORK },
  { build: '`push` of a tag', ...job(pushed('refs/tags/v1')), ...TAG },
  { build: '`pull_request`', ...job(proposed('pull_request')), ...PROPOSAL },
  {
    build: '`pull_request` from a fork',
    ...job(proposed('pull_request', { from: 'octocat/app', branch: 'main' })),
    ...PROPOSAL,
  },
  {
    build: '`pull_request` from a fork that is gone',
    ...job(proposed('pull_request', { from: null })),
    ...PROPOSAL,
  },
  {
    build: '`pull_request_target`',
    ...job(proposed('pull_request_target', { from: 'octocat/app', ref: 'refs/heads/main' })),
    ...PROPOSAL,
  },
  { build: '`pull_request_review`', ...job(proposed('pull_request_review')), ...PROPOSAL },
  {
    build: '`merge_group`',
    ...job(grouped()),
    origin: 'merge-queue',
    because: 'merge queue of main',
    writes: 'untrusted COMMIT',
  },
  {
    build: '`workflow_dispatch` on main',
    ...job(onRef('workflow_dispatch', 'refs/heads/main', { event: { ref: 'refs/heads/main', ...byHand } })),
    ...trustedIn('github.com'),
  },
  {
    build: '`workflow_dispatch` on another branch',
    ...job(onRef('workflow_dispatch', 'refs/heads/work', { event: { ref: 'work', ...byHand } })),
    ...WORK,
  },
  {
    build: '`schedule`',
    ...job(onRef('schedule', 'refs/heads/main', { event: { schedule: '0 5 * * *' } })),
    ...trustedIn('github.com'),
  },
  {
    build: '`release`',
    ...job(onRef('release', 'refs/tags/v1', { event: { action: 'published', release: { tag_name: 'v1' } } })),
    ...TAG,
  },
  {
    build: '`workflow_run`',
    ...job(
      onRef('workflow_run', 'refs/heads/main', {
        event: { workflow_run: { head_branch: 'work', event: 'pull_request' } },
      }),
    ),
    ...LIKE_MAIN,
    because: others('workflow_run'),
  },
  {
    build: '`issue_comment`',
    ...job(
      onRef('issue_comment', 'refs/heads/main', {
        event: { issue: { number: 7, pull_request: {} }, comment: { body: '/build' } },
      }),
    ),
    ...LIKE_MAIN,
    because: others('issue_comment'),
  },
  {
    build: '`repository_dispatch`',
    ...job(
      onRef('repository_dispatch', 'refs/heads/main', { event: { action: 'build', client_payload: {} } }),
    ),
    ...LIKE_MAIN,
    because: others('repository_dispatch'),
  },
  {
    build: "`push` in a fork's own Actions",
    ...fork(pushed('refs/heads/main')),
    ...LIKE_MAIN,
    because: 'repository github.com/octocat/app is not github.com/acme/app',
  },
];

function fork({ env, event }: GithubJob): Pick<Kind, 'env' | 'event'> {
  const repository = { full_name: 'octocat/app', default_branch: 'main' };
  return { env: { ...env, GITHUB_REPOSITORY: 'octocat/app' }, event: { ...event, repository } };
}

const gitlab = (env: GitlabJob): Pick<Kind, 'env'> => ({ env });

const GITLAB: readonly Omit<Kind, 'system'>[] = [
  { build: 'a push to main, which is protected', ...gitlab(onBranch('main')), ...trustedIn('gitlab.com') },
  {
    build: 'a push to main, which is not protected',
    ...gitlab(onBranch('main', 'push', { CI_COMMIT_REF_PROTECTED: 'false' })),
    ...LIKE_MAIN,
    because: 'branch main is not protected in GitLab',
  },
  {
    build: 'a push to another branch',
    ...gitlab(onBranch('work')),
    origin: 'branch',
    because: 'branch work is not protected in GitLab',
    writes: WORK.writes,
  },
  {
    build: 'a push to another protected branch',
    ...gitlab(onBranch('work', 'push', { CI_COMMIT_REF_PROTECTED: 'true' })),
    ...WORK,
  },
  { build: 'a schedule on main', ...gitlab(onBranch('main', 'schedule')), ...trustedIn('gitlab.com') },
  { build: 'started by hand on main', ...gitlab(onBranch('main', 'web')), ...trustedIn('gitlab.com') },
  {
    build: 'a chat command on main',
    ...gitlab(onBranch('main', 'chat')),
    ...LIKE_MAIN,
    because: 'a pipeline of source chat can hold what nobody has reviewed',
  },
  { build: 'a merge request', ...gitlab(mergeRequest()), ...PROPOSAL },
  {
    build: 'a merge request, merged results',
    ...gitlab(mergeRequest({ CI_MERGE_REQUEST_EVENT_TYPE: 'merged_result' })),
    ...PROPOSAL,
  },
  {
    build: 'a merge train',
    ...gitlab(mergeRequest({ CI_MERGE_REQUEST_EVENT_TYPE: 'merge_train' })),
    ...PROPOSAL,
  },
  {
    build: 'a merge request of a fork, run in the project',
    ...gitlab(
      mergeRequest({
        CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'octocat/app',
        CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'main',
      }),
    ),
    ...PROPOSAL,
  },
  {
    build: 'a merge request of a fork, run in the fork',
    ...gitlab(
      mergeRequest({
        CI_PROJECT_PATH: 'octocat/app',
        CI_PROJECT_URL: 'https://gitlab.com/octocat/app',
        CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'octocat/app',
      }),
    ),
    ...PROPOSAL,
  },
  {
    build: 'a child pipeline of a merge request',
    ...gitlab(mergeRequest({ CI_PIPELINE_SOURCE: 'parent_pipeline' })),
    ...PROPOSAL,
  },
  {
    build: 'an external pull request',
    ...gitlab(
      onBranch('work', 'external_pull_request_event', {
        CI_EXTERNAL_PULL_REQUEST_IID: '7',
        CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME: 'main',
      }),
    ),
    ...PROPOSAL,
  },
  { build: 'a tag', ...gitlab(onTag('v1')), ...TAG },
];

const OTHER: readonly Omit<Kind, 'system'>[] = [
  { build: 'main', env: branchJob('main'), ...trustedIn('git.example.com') },
  { build: 'another branch', env: branchJob('work'), ...WORK },
  { build: 'a pull request', env: proposalJob(), ...PROPOSAL },
  { build: 'a tag', env: branchJob('v1', { WARMBAKE_CI_TAG: 'v1' }), ...TAG },
  {
    build: 'a merge queue',
    env: branchJob('queue-1', { WARMBAKE_CI_MERGE_QUEUE_BASE: 'main' }),
    origin: 'merge-queue',
    because: 'merge queue of main',
    writes: 'untrusted COMMIT',
  },
];

/** Every kind of build that is told apart. */
export const KINDS: readonly Kind[] = [
  ...BUILDKITE.map((kind) => ({ system: 'Buildkite', ...kind }) as const),
  ...GITHUB.map((kind) => ({ system: 'GitHub', ...kind }) as const),
  ...GITLAB.map((kind) => ({ system: 'GitLab', ...kind }) as const),
  ...OTHER.map((kind) => ({ system: 'any other', ...kind }) as const),
];

/** Where each system's repository is. */
export const REPOSITORIES = {
  Buildkite: 'github.com/acme/app',
  GitHub: 'github.com/acme/app',
  GitLab: 'gitlab.com/acme/app',
  'any other': 'git.example.com/acme/app',
} as const;

/** The commit of all of them. */
export const BUILT = COMMIT;
