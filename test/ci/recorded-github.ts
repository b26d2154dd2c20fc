/**
 * Environments and events as GitHub makes them for one job each, names and ids made up. Payloads have the shape of GitHub's published
 * webhook schemas (github.com/octokit/webhooks, payload-schemas), cut down to what tells builds apart.
 */
import { COMMIT } from '../context/recorded.ts';

/** A job: its variables, and what is in the file of its event. */
export interface GithubJob {
  readonly env: Readonly<Record<string, string>>;
  readonly event: object;
}

const REPOSITORY = {
  id: 1296269,
  name: 'app',
  full_name: 'acme/app',
  private: true,
  owner: { login: 'acme', id: 1, type: 'Organization' },
  html_url: 'https://github.com/acme/app',
  default_branch: 'main',
} as const;

const SENDER = { login: 'octocat', id: 2, type: 'User' } as const;

/** What every job has (docs.github.com/actions/reference/workflows-and-actions/variables). */
const EVERY = {
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_ACTOR: 'octocat',
  GITHUB_TRIGGERING_ACTOR: 'octocat',
  GITHUB_API_URL: 'https://api.github.com',
  GITHUB_BASE_REF: '',
  GITHUB_HEAD_REF: '',
  GITHUB_JOB: 'image-build',
  GITHUB_REF_PROTECTED: 'false',
  GITHUB_REPOSITORY: 'acme/app',
  GITHUB_REPOSITORY_OWNER: 'acme',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_RUN_ID: '17012345678',
  GITHUB_RUN_NUMBER: '42',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_SHA: COMMIT,
  GITHUB_WORKFLOW: 'CI',
  RUNNER_OS: 'Linux',
} as const;

/** A job of a branch or a tag, which the event names in full. */
export function onRef(
  name: string,
  ref: string,
  more: { readonly env?: Readonly<Record<string, string>>; readonly event?: object } = {},
): GithubJob {
  const [, kind = '', short = ''] = /^refs\/(heads|tags)\/(.*)$/.exec(ref) ?? [];
  const type = kind === 'tags' ? 'tag' : 'branch';
  return {
    env: {
      ...EVERY,
      GITHUB_EVENT_NAME: name,
      GITHUB_REF: ref,
      GITHUB_REF_NAME: short,
      GITHUB_REF_TYPE: type,
      ...more.env,
    },
    event: { repository: REPOSITORY, sender: SENDER, ...more.event },
  };
}

/** A push, as GitHub sends it. */
export function pushed(
  ref: string,
  more: { readonly env?: Readonly<Record<string, string>> } = {},
): GithubJob {
  const event = { ref, before: 'e'.repeat(40), after: COMMIT, pusher: { name: 'octocat' }, commits: [] };
  return onRef('push', ref, { ...more, event });
}

/** A job about pull request 7, from a fork or from the repository itself. */
export function proposed(
  name: string,
  {
    from = 'acme/app',
    branch = 'work',
    ref = 'refs/pull/7/merge',
    event = {},
  }: {
    readonly from?: string | null;
    readonly branch?: string;
    readonly ref?: string;
    readonly event?: object;
  } = {},
): GithubJob {
  const head = {
    ref: branch,
    sha: 'd'.repeat(40),
    repo: from === null ? null : { full_name: from, fork: from !== 'acme/app' },
  };
  return {
    env: {
      ...EVERY,
      GITHUB_EVENT_NAME: name,
      GITHUB_REF: ref,
      GITHUB_REF_NAME: ref.replace(/^refs\/(?:pull|heads)\//, ''),
      GITHUB_REF_TYPE: 'branch',
      GITHUB_BASE_REF: 'main',
      GITHUB_HEAD_REF: branch,
    },
    event: {
      action: 'synchronize',
      number: 7,
      pull_request: {
        number: 7,
        head,
        base: { ref: 'main', sha: 'e'.repeat(40), repo: { full_name: 'acme/app' } },
      },
      repository: REPOSITORY,
      sender: SENDER,
      ...event,
    },
  };
}

/** A merge group, as GitHub sends it once a queue has made one. */
export function grouped(): GithubJob {
  const ref = `refs/heads/gh-readonly-queue/main/pr-7-${'d'.repeat(40)}`;
  const group = { head_sha: COMMIT, head_ref: ref, base_sha: 'e'.repeat(40), base_ref: 'refs/heads/main' };
  return onRef('merge_group', ref, { event: { action: 'checks_requested', merge_group: group } });
}
