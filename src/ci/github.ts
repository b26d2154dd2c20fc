import * as z from 'zod';
import type { CiBuild, CiFacts, CiRemote } from './facts.ts';
import { mergeQueueBaseOf } from './named-variables.ts';
import { repositoryId } from './repository-id.ts';
import type { Environment } from './system.ts';
import { PULL_REQUEST_NUMBER, badVariable, commitIn, optionalIn, requiredIn } from './variables.ts';

/**
 * Events whose workflow and code are those of the ref that they name, and which only people who may write to the repository cause.
 * Others can be caused by anybody, or run with the base's rights on what somebody else has written
 * (docs.github.com/actions, "Events that trigger workflows").
 */
const OWN_CODE: ReadonlySet<string> = new Set(['push', 'schedule', 'workflow_dispatch']);

/** Events about a pull request. Only the first is built from its merge with the base; the second runs with the base's rights. */
const PROPOSALS: ReadonlySet<string> = new Set([
  'pull_request',
  'pull_request_target',
  'pull_request_review',
  'pull_request_review_comment',
]);

const refName = z.looseObject({ ref: z.string() });
const event = z.looseObject({
  ref: z.string().optional(),
  repository: z.looseObject({ full_name: z.string(), default_branch: z.string().optional() }).optional(),
  pull_request: z
    .looseObject({
      number: z.number().int().positive().optional(),
      base: refName,
      head: z.looseObject({
        ref: z.string(),
        repo: z.looseObject({ full_name: z.string() }).nullable().optional(),
      }),
    })
    .optional(),
  merge_group: z.looseObject({ base_ref: z.string() }).optional(),
});

type GithubEvent = z.infer<typeof event>;

/**
 * Reads GitHub's variables (docs.github.com/actions/reference/workflows-and-actions/variables) and `payload`, the event that caused the
 * run (docs.github.com/webhooks). Throws `config` where both do not say the same, naming the variable.
 */
export function readGithub(env: Environment, payload: unknown): CiFacts {
  const cause = requiredIn(env, 'GITHUB_EVENT_NAME', {
    form: /^[a-z_]{1,64}$/,
    meaning: 'the name of an event',
  });
  const parsed = event.safeParse(payload);
  if (!parsed.success) throw badVariable('GITHUB_EVENT_PATH', `holds no event of GitHub: ${cause}`);
  const { repository: its, pull_request: proposal } = parsed.data;
  const fullName = requiredIn(env, 'GITHUB_REPOSITORY', {
    form: /^[\w.-]+\/[\w.-]+$/,
    meaning: 'owner/name',
  });
  if (its !== undefined && its.full_name.toLowerCase() !== fullName.toLowerCase()) {
    throw badVariable('GITHUB_REPOSITORY', `is ${fullName}, but the event is one of another repository`);
  }
  const server = requiredIn(env, 'GITHUB_SERVER_URL', {
    form: /^https?:\/\/[A-Za-z0-9.-]+(?::\d+)?$/,
    meaning: "the address of GitHub, as 'https://github.com'",
  });
  const repository = repositoryId(`${server}/${fullName}`);
  const defaultBranch = its?.default_branch;
  const isProposal = PROPOSALS.has(cause);
  const place = isProposal ? proposalPlace(env, cause, parsed.data) : refPlace(env, cause, parsed.data);
  const doubt = isProposal ? undefined : doubtAbout(env, cause, { place, proposal });
  return {
    system: 'github',
    ...(repository === undefined ? {} : { repository }),
    remote: remoteOf(env, `${server}/${fullName}.git`),
    ...place,
    ...(doubt === undefined ? {} : { doubt }),
    // What is checked out of a proposal is its merge, its head or (pull_request_target) neither; the other events name a commit of ours.
    commit: isProposal || doubt !== undefined ? 'HEAD' : commitIn(env, 'GITHUB_SHA'),
    ...(defaultBranch === undefined || defaultBranch === '' ? {} : { defaultBranch }),
    build: buildOf(env, `${server}/${fullName}`),
    names: { repository: 'GITHUB_REPOSITORY', commit: 'GITHUB_SHA', base: 'GITHUB_BASE_REF' },
  };
}

type GithubPlace = Pick<CiFacts, 'branch' | 'tag' | 'pullRequest' | 'mergeQueueBase'>;

/** A build of a branch or a tag: GITHUB_REF names it in full, and the event does, where it is one of a ref. */
function refPlace(env: Environment, cause: string, { ref, merge_group: group }: GithubEvent): GithubPlace {
  const full = requiredIn(env, 'GITHUB_REF', {
    form: /^refs\/(?:heads|tags)\/[^\p{Cc}\s]+$/u,
    meaning: 'the full name of a branch or a tag',
  });
  // Of a run by hand or by the clock the event has the workflow's ref, in either spelling.
  if (cause === 'push' && ref !== full) {
    throw badVariable('GITHUB_REF', `is ${full}, but the event is a push to another ref`);
  }
  const name = full.replace(/^refs\/(?:heads|tags)\//, '');
  if (full.startsWith('refs/tags/')) return { branch: name, tag: name };
  const base = group?.base_ref.replace(/^refs\/heads\//, '') ?? mergeQueueBaseOf(name);
  return { branch: name, ...(base === undefined ? {} : { mergeQueueBase: base }) };
}

/** A build for a pull request: its event says everything, and GITHUB_REF its number where it is about its merge. */
function proposalPlace(
  env: Environment,
  cause: string,
  { pull_request: proposal }: GithubEvent,
): GithubPlace {
  const number = String(proposal?.number ?? '');
  if (proposal === undefined || !PULL_REQUEST_NUMBER.test(number)) {
    throw badVariable('GITHUB_EVENT_PATH', `holds no pull request, but GITHUB_EVENT_NAME is ${cause}`);
  }
  // Of a merged one GITHUB_REF is the branch that it was merged into.
  const [, its] = /^refs\/pull\/(\d+)\//.exec(env['GITHUB_REF'] ?? '') ?? [];
  if (its !== undefined && its !== number) {
    throw badVariable('GITHUB_REF', `is of pull request ${its}, but the event is one of ${number}`);
  }
  const { head, base } = proposal;
  const owner = head.repo?.full_name.split('/')[0];
  const isFork = head.repo?.full_name.toLowerCase() !== env['GITHUB_REPOSITORY']?.toLowerCase();
  const branch = isFork ? `${owner ?? 'unknown'}:${head.ref}` : head.ref;
  for (const name of [branch, base.ref]) {
    if (/\p{Cc}/u.test(name)) {
      throw badVariable('GITHUB_EVENT_PATH', 'holds a branch with control characters in its name');
    }
  }
  return { branch, pullRequest: { number: Number(number), base: base.ref } };
}

function doubtAbout(
  env: Environment,
  cause: string,
  {
    place: { tag },
    proposal,
  }: { readonly place: GithubPlace; readonly proposal: GithubEvent['pull_request'] },
): string | undefined {
  const stray = ['GITHUB_HEAD_REF', 'GITHUB_BASE_REF'].find((name) => (env[name] ?? '') !== '');
  if (stray !== undefined) return `${stray} is set although the event is called ${cause}`;
  if (proposal !== undefined) return `the event is one of a pull request although it is called ${cause}`;
  // A release is one of a tag, which the remote is asked about.
  if (OWN_CODE.has(cause) || (cause === 'release' && tag !== undefined)) return undefined;
  return `event ${cause} runs with this branch's rights on what others may have written`;
}

function buildOf(env: Environment, address: string): CiBuild {
  const form = { form: /^[1-9]\d{0,17}$/, meaning: 'the number that GitHub gave it' };
  // The run's number counts the runs of one workflow; its id grows through all of them.
  const run = requiredIn(env, 'GITHUB_RUN_ID', form);
  const attempt = requiredIn(env, 'GITHUB_RUN_ATTEMPT', form);
  const job = optionalIn(env, 'GITHUB_JOB');
  const workflow = optionalIn(env, 'GITHUB_WORKFLOW');
  const label = [workflow, job].filter((part) => part !== undefined).join(' / ');
  return {
    number: run,
    id: run,
    url: `${address}/actions/runs/${run}/attempts/${attempt}`,
    ...(job === undefined ? {} : { jobId: `${job}-${attempt}`, stepKey: job }),
    ...(label === '' ? {} : { label }),
  };
}

/** A private repository is not read without the token of the job, which a step has to be given: `GITHUB_TOKEN: ${{ github.token }}`. */
function remoteOf(env: Environment, url: string): CiRemote {
  const token = env['GITHUB_TOKEN'] ?? '';
  if (token === '') return { url };
  // Told without it: the log is no place for a token.
  if (/[^!-~]/.test(token)) {
    throw badVariable('GITHUB_TOKEN', 'holds a line end, a blank or another character that no token has');
  }
  // As actions/checkout does.
  const authorization = `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  return { url, authorization };
}
