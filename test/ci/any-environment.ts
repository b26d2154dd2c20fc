import * as fc from 'fast-check';
import { push } from '../context/recorded.ts';
import { type GithubJob, onRef, proposed } from './recorded-github.ts';
import { mergeRequest, onBranch } from './recorded-gitlab.ts';
import { branchJob } from './recorded-other.ts';

/** A job of some system, as hostile as they come, and whether the law (L1) trusts it: spelled out over what was chosen. */
export interface AnyJob {
  readonly env: Readonly<Record<string, string>>;
  readonly event?: object;
  readonly trusted: boolean;
}

const BRANCHES = [
  'main',
  'main',
  'main',
  'Main',
  'main ',
  'refs/heads/main',
  'work',
  'octocat:main',
  'latest',
  'pr-7',
  'é',
  '-n',
];
const branch = fc.oneof(
  { weight: 4, arbitrary: fc.constant('main') },
  { weight: 2, arbitrary: fc.constantFrom(...BRANCHES) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1 }) },
);
const own = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

/** Jobs of Buildkite. */
export const anyBuildkite: fc.Arbitrary<AnyJob> = fc
  .record({
    branch,
    repository: own(
      'git@github.com:acme/app.git',
      'https://github.com/octocat/app',
      'https://github.com@evil.example/acme/app',
      '',
    ),
    tag: own('', 'main', 'v1'),
    number: own('false', '7', 'true', ''),
    stray: own('', 'https://github.com/octocat/app.git'),
    queue: own('', 'main'),
  })
  .map(({ branch: name, repository, tag, number, stray, queue }) => ({
    env: push(name, {
      BUILDKITE_REPO: repository,
      BUILDKITE_TAG: tag,
      BUILDKITE_PULL_REQUEST: number,
      BUILDKITE_PULL_REQUEST_REPO: stray,
      BUILDKITE_MERGE_QUEUE_BASE_BRANCH: queue,
    }),
    trusted:
      name === 'main' &&
      repository.startsWith('git@') &&
      number === 'false' &&
      `${tag}${stray}${queue}` === '',
  }));

const TRUSTED_EVENTS = ['push', 'schedule', 'workflow_dispatch'];
const GITHUB_EVENTS = [
  ...TRUSTED_EVENTS,
  'pull_request',
  'pull_request_target',
  'pull_request_review',
  'merge_group',
  'release',
  'workflow_run',
  'issue_comment',
  'repository_dispatch',
  'deployment',
  'Push',
  '',
];

function githubJob(name: string, ref: string, hasProposal: boolean): GithubJob {
  const job = onRef(name, ref, name === 'push' ? { event: { ref } } : {});
  const { event } = proposed(name);
  return hasProposal ? { env: job.env, event } : job;
}

/** Jobs of GitHub Actions. */
export const anyGithub: fc.Arbitrary<AnyJob> = fc
  .record({
    name: own('push', ...GITHUB_EVENTS),
    ref: fc.oneof(
      branch.map((one) => `refs/heads/${one}`),
      fc.constantFrom(
        'refs/tags/main',
        'refs/tags/v1',
        'refs/pull/7/merge',
        'main',
        'refs/heads/gh-readonly-queue/main/pr-7-abcdef',
        '',
      ),
    ),
    repository: own('acme/app', 'octocat/app', 'acme/app2', 'acme/app/x', 'acme', ''),
    hasProposal: own(false, true),
  })
  .map(({ name, ref, repository, hasProposal }) => {
    const { env, event } = githubJob(name, ref, hasProposal);
    const full = { full_name: repository, default_branch: 'main' };
    return {
      env: { ...env, GITHUB_REPOSITORY: repository },
      event: { ...event, repository: full },
      trusted:
        TRUSTED_EVENTS.includes(name) &&
        ref === 'refs/heads/main' &&
        repository === 'acme/app' &&
        !hasProposal,
    };
  });

const TRUSTED_SOURCES = ['push', 'schedule', 'web', 'api', 'trigger', 'pipeline', 'parent_pipeline'];

/** Jobs of GitLab CI. */
export const anyGitlab: fc.Arbitrary<AnyJob> = fc
  .record({
    branch,
    source: own('push', ...TRUSTED_SOURCES, 'merge_request_event', 'chat', 'external', 'webide', ''),
    project: own(
      'https://gitlab.com/acme/app',
      'https://gitlab.com/octocat/app',
      'https://gitlab.com.evil.example/acme/app',
      '',
    ),
    isProtected: own('true', 'false', '', '1'),
    tag: own('', 'main', 'v1'),
    merge: own('', '7', '07', 'x'),
    external: own('', '7'),
  })
  .map(({ branch: name, source, project, isProtected, tag, merge, external }) => ({
    env: {
      ...(merge === ''
        ? onBranch(name, source)
        : mergeRequest({ CI_COMMIT_BRANCH: name, CI_PIPELINE_SOURCE: source })),
      CI_PROJECT_URL: project,
      CI_COMMIT_REF_PROTECTED: isProtected,
      CI_COMMIT_TAG: tag,
      CI_MERGE_REQUEST_IID: merge,
      CI_EXTERNAL_PULL_REQUEST_IID: external,
    },
    trusted:
      name === 'main' &&
      TRUSTED_SOURCES.includes(source) &&
      project === 'https://gitlab.com/acme/app' &&
      isProtected === 'true' &&
      `${tag}${merge}${external}` === '',
  }));

/** Jobs of any other system, which says it with our variables. */
export const anyOther: fc.Arbitrary<AnyJob> = fc
  .record({
    branch,
    repository: own(
      'https://git.example.com/acme/app.git',
      'https://git.example.com/octocat/app',
      '/srv/git.example.com/acme/app',
      '',
    ),
    tag: own('', 'main'),
    number: own('false', '7', '', 'no'),
    queue: own('', 'main'),
  })
  .map(({ branch: name, repository, tag, number, queue }) => ({
    env: branchJob(name, {
      WARMBAKE_CI_REPOSITORY: repository,
      WARMBAKE_CI_TAG: tag,
      WARMBAKE_CI_PULL_REQUEST: number,
      WARMBAKE_CI_MERGE_QUEUE_BASE: queue,
    }),
    trusted:
      name === 'main' && repository.endsWith('acme/app.git') && number === 'false' && `${tag}${queue}` === '',
  }));
