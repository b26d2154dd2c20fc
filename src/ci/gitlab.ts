import type { CiBuild, CiFacts } from './facts.ts';
import { repositoryId } from './repository-id.ts';
import type { Environment } from './system.ts';
import { PULL_REQUEST_NUMBER, badVariable, commitIn, optionalIn, requiredIn } from './variables.ts';

/**
 * Causes of pipelines that build what is in the repository, started by somebody who may push to that branch or run its pipelines
 * (docs.gitlab.com/ci/jobs/job_rules, CI_PIPELINE_SOURCE).
 */
const OWN_CODE: ReadonlySet<string> = new Set([
  'push',
  'schedule',
  'web',
  'api',
  'trigger',
  'pipeline',
  'parent_pipeline',
]);

/**
 * Reads GitLab's variables (docs.gitlab.com/ci/variables/predefined_variables). Throws `config` naming the variable for anything that
 * GitLab itself would not set.
 */
export function readGitlab(env: Environment): CiFacts {
  const repository = repositoryId(env['CI_PROJECT_URL'] ?? '');
  const remote = env['CI_REPOSITORY_URL'] ?? '';
  const cause = requiredIn(env, 'CI_PIPELINE_SOURCE', {
    form: /^[a-z_]{1,64}$/,
    meaning: 'what caused the pipeline',
  });
  const defaultBranch = optionalIn(env, 'CI_DEFAULT_BRANCH');
  const place = placeOf(env);
  const doubt = place.pullRequest === undefined ? doubtAbout(env, cause, place) : undefined;
  return {
    system: 'gitlab',
    ...(repository === undefined ? {} : { repository }),
    // With the job's token as its password.
    ...(remote === '' ? {} : { remote: { url: remote } }),
    ...place,
    ...(doubt === undefined ? {} : { doubt }),
    commit: commitIn(env, 'CI_COMMIT_SHA'),
    ...(defaultBranch === undefined ? {} : { defaultBranch }),
    build: buildOf(env),
    names: {
      repository: 'CI_PROJECT_URL',
      commit: 'CI_COMMIT_SHA',
      base: 'CI_MERGE_REQUEST_TARGET_BRANCH_NAME',
    },
  };
}

type GitlabPlace = Pick<CiFacts, 'branch' | 'tag' | 'pullRequest'>;

/** Merge requests first: their pipelines, those of merged results, of merge trains and of children have these variables, whatever else they have. */
function placeOf(env: Environment): GitlabPlace {
  const merge = optionalIn(env, 'CI_MERGE_REQUEST_IID');
  if (merge !== undefined) {
    const project = optionalIn(env, 'CI_MERGE_REQUEST_PROJECT_PATH');
    const source = optionalIn(env, 'CI_MERGE_REQUEST_SOURCE_PROJECT_PATH');
    const branch = optionalIn(env, 'CI_MERGE_REQUEST_SOURCE_BRANCH_NAME') ?? '';
    const base = optionalIn(env, 'CI_MERGE_REQUEST_TARGET_BRANCH_NAME');
    const [owner = ''] = (source ?? 'unknown').split('/');
    return {
      branch: source === project ? branch : `${owner}:${branch}`,
      pullRequest: {
        number: numberIn('CI_MERGE_REQUEST_IID', merge),
        ...(base === undefined ? {} : { base }),
      },
    };
  }
  const external = optionalIn(env, 'CI_EXTERNAL_PULL_REQUEST_IID');
  if (external !== undefined) {
    const base = optionalIn(env, 'CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME');
    return {
      branch: optionalIn(env, 'CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME') ?? '',
      pullRequest: {
        number: numberIn('CI_EXTERNAL_PULL_REQUEST_IID', external),
        ...(base === undefined ? {} : { base }),
      },
    };
  }
  const tag = optionalIn(env, 'CI_COMMIT_TAG');
  if (tag !== undefined) return { branch: tag, tag };
  const branch = optionalIn(env, 'CI_COMMIT_BRANCH');
  if (branch !== undefined) return { branch };
  throw badVariable('CI_COMMIT_BRANCH', 'is empty, and so are CI_COMMIT_TAG and CI_MERGE_REQUEST_IID');
}

function numberIn(name: string, text: string): number {
  if (PULL_REQUEST_NUMBER.test(text)) return Number(text);
  throw badVariable(name, `is '${text}'; it must be the number of a merge request`);
}

/** Variables of merge requests and of external pull requests, which all have a number. */
const PROPOSED = /^CI_(?:MERGE_REQUEST|EXTERNAL_PULL_REQUEST)_/;

/** Tags are judged by what the remote says of them; whether they are protected, too, is the project's choice. */
function doubtAbout(env: Environment, cause: string, { branch, tag }: GitlabPlace): string | undefined {
  const stray = Object.keys(env).find((name) => PROPOSED.test(name) && (env[name] ?? '') !== '');
  if (stray !== undefined) return `${stray} is set although no number of a merge request is`;
  const ref = optionalIn(env, 'CI_COMMIT_REF_NAME') ?? branch;
  if (ref !== branch) return `CI_COMMIT_REF_NAME is ${ref}, not ${branch}`;
  if (!OWN_CODE.has(cause)) return `a pipeline of source ${cause} can hold what nobody has reviewed`;
  if (tag !== undefined) return undefined;
  return env['CI_COMMIT_REF_PROTECTED'] === 'true'
    ? undefined
    : `branch ${branch} is not protected in GitLab`;
}

function buildOf(env: Environment): CiBuild {
  const form = { form: /^[1-9]\d{0,17}$/, meaning: 'the number that GitLab gave it' };
  const url = optionalIn(env, 'CI_PIPELINE_URL');
  const jobId = optionalIn(env, 'CI_JOB_ID');
  const job = optionalIn(env, 'CI_JOB_NAME');
  return {
    number: requiredIn(env, 'CI_PIPELINE_IID', form),
    id: requiredIn(env, 'CI_PIPELINE_ID', form),
    ...(url === undefined ? {} : { url }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(job === undefined ? {} : { stepKey: job, label: job }),
  };
}
