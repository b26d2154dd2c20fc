import type { RepositoryId } from '../config/settings.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { buildUrl } from './build-url.ts';
import { isCommitSha, type CiBuild, type CommitSha } from './context.ts';
import { repositoryId } from './repository-id.ts';

/** Environment variables, as a process gets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What Buildkite says about a build, checked and parsed, before anything is concluded from it. */
export interface BuildkiteFacts {
  /** Absent where BUILDKITE_REPO is no URL of a repository on a host. */
  readonly repository?: RepositoryId;
  /** As Buildkite has it: `owner:branch` for forks, the tag's name for tags; '' only beside a tag. */
  readonly branch: string;
  readonly tag?: string;
  /** `base` is absent where Buildkite does not say it. */
  readonly pullRequest?: { readonly number: number; readonly base?: string };
  /** The branch that this merge group wants to get into. */
  readonly mergeQueueBase?: string;
  /** A pull request's repository is named although the build claims to be none. */
  readonly strayPullRequestRepository: boolean;
  /** `HEAD` on builds started by hand: whatever the checkout holds. */
  readonly commit: CommitSha | 'HEAD';
  readonly build: CiBuild;
}

/**
 * Reads Buildkite's variables (buildkite.com/docs/pipelines/configure/environment-variables); `undefined` outside of
 * Buildkite, which is where BUILDKITE is not `true`. Throws `config` naming the variable for anything that Buildkite
 * itself would not set: a guess here would be a guess about trust.
 */
export function readBuildkite(env: Environment): BuildkiteFacts | undefined {
  if (env['BUILDKITE'] !== 'true') return undefined;
  const tag = optional(env, 'BUILDKITE_TAG');
  const branch = optional(env, 'BUILDKITE_BRANCH') ?? '';
  if (branch === '' && tag === undefined) {
    throw invalid('BUILDKITE_BRANCH', "is empty and BUILDKITE_TAG is too; set the build's branch");
  }
  const number = pullRequestNumber(env['BUILDKITE_PULL_REQUEST']);
  const base = optional(env, 'BUILDKITE_PULL_REQUEST_BASE_BRANCH');
  const repository = repositoryId(env['BUILDKITE_REPO'] ?? '');
  const mergeQueueBase = optional(env, 'BUILDKITE_MERGE_QUEUE_BASE_BRANCH') ?? mergeQueueBaseOf(branch);
  return {
    ...(repository === undefined ? {} : { repository }),
    branch,
    ...(tag === undefined ? {} : { tag }),
    ...(number === undefined ? {} : { pullRequest: { number, ...(base === undefined ? {} : { base }) } }),
    ...(mergeQueueBase === undefined ? {} : { mergeQueueBase }),
    strayPullRequestRepository: number === undefined && (env['BUILDKITE_PULL_REQUEST_REPO'] ?? '') !== '',
    commit: commitOf(env['BUILDKITE_COMMIT']),
    build: ciBuild(env),
  };
}

/** GitHub names the branch of a merge group `gh-readonly-queue/<base>/pr-<number>-<commit>`; bases may hold slashes. */
function mergeQueueBaseOf(branch: string): string | undefined {
  return /^gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]+$/.exec(branch)?.[1];
}

/** At most nine digits: a longer number could be read as the hash of a branch's tag (`image/tag-name.ts`). */
function pullRequestNumber(text: string | undefined): number | undefined {
  if (text === 'false') return undefined;
  if (text !== undefined && /^[1-9]\d{0,8}$/.test(text)) return Number(text);
  const found = text === undefined ? 'is not set' : `is ${quoted(text)}`;
  throw invalid('BUILDKITE_PULL_REQUEST', `${found}; it must be the number of the pull request or false`);
}

function commitOf(text: string | undefined): CommitSha | 'HEAD' {
  if (text === 'HEAD' || (text !== undefined && isCommitSha(text))) return text;
  const found = text === undefined ? 'is not set' : `is ${quoted(text)}`;
  throw invalid('BUILDKITE_COMMIT', `${found}; it must be 40 lower-case hex digits or HEAD`);
}

function ciBuild(env: Environment): CiBuild {
  const url = optional(env, 'BUILDKITE_BUILD_URL') === undefined ? undefined : buildUrl(env);
  const jobId = optional(env, 'BUILDKITE_JOB_ID');
  const stepKey = optional(env, 'BUILDKITE_STEP_KEY');
  const label = optional(env, 'BUILDKITE_LABEL');
  return {
    number: required(env, 'BUILDKITE_BUILD_NUMBER', /^[1-9]\d*$/, 'the number of the build'),
    id: required(env, 'BUILDKITE_BUILD_ID', /^[0-9a-f-]{36}$/, 'the UUID of the build'),
    ...(url === undefined ? {} : { url }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(stepKey === undefined ? {} : { stepKey }),
    ...(label === undefined ? {} : { label }),
  };
}

/** Number and id become file names and annotations: an empty or odd one is found out here, not by their readers. */
function required(env: Environment, name: string, form: RegExp, meaning: string): string {
  const text = env[name];
  if (text !== undefined && form.test(text)) return text;
  throw invalid(name, `is ${text === undefined ? 'not set' : quoted(text)}; it must be ${meaning}`);
}

/** Buildkite sets what does not apply to ''. A control character could forge lines of the log. */
function optional(env: Environment, name: string): string | undefined {
  const text = env[name] ?? '';
  if (/\p{Cc}/u.test(text)) throw invalid(name, `is ${quoted(text)}; it must not hold control characters`);
  return text === '' ? undefined : text;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/\p{Cc}/gu, '?')}'`;
}

function invalid(name: string, problem: string): WarmbakeError {
  return new WarmbakeError('config', 'bad-build-context', `${name} ${problem}`);
}
