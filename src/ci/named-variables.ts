import type { CiBuild, CiFacts } from './facts.ts';
import { repositoryId } from './repository-id.ts';
import type { CiSystem, Environment } from './system.ts';
import { PULL_REQUEST_NUMBER, badVariable, commitIn, found, optionalIn, requiredIn } from './variables.ts';

/** Where a system that has a variable for everything keeps it. */
export interface FactVariables {
  readonly repository: string;
  readonly branch: string;
  readonly tag: string;
  /** The number of a pull request, or `false`. */
  readonly pullRequest: string;
  readonly base: string;
  /** Set beside a pull request only. */
  readonly pullRequestRepository?: string;
  readonly mergeQueueBase: string;
  readonly commit: string;
  readonly defaultBranch: string;
  readonly number: string;
  readonly id: string;
  readonly idForm: { readonly form: RegExp; readonly meaning: string };
  readonly url: string;
  readonly jobId: string;
  readonly stepKey: string;
  readonly label: string;
}

/**
 * Reads the facts of a build from variables that are named one by one. Throws `config` naming the variable for anything that the system
 * itself would not set.
 */
export function readNamed(
  env: Environment,
  system: CiSystem,
  { names, url }: { readonly names: FactVariables; readonly url: string | undefined },
): CiFacts {
  const tag = optionalIn(env, names.tag);
  const branch = optionalIn(env, names.branch) ?? '';
  if (branch === '' && tag === undefined) {
    throw badVariable(names.branch, `is empty and ${names.tag} is too; set the build's branch`);
  }
  const number = pullRequestNumber(env, names.pullRequest);
  const base = optionalIn(env, names.base);
  const remote = env[names.repository] ?? '';
  const repository = repositoryId(remote);
  const mergeQueueBase = optionalIn(env, names.mergeQueueBase) ?? mergeQueueBaseOf(branch);
  const defaultBranch = optionalIn(env, names.defaultBranch);
  const stray = names.pullRequestRepository;
  const isStray = stray !== undefined && number === undefined && (env[stray] ?? '') !== '';
  return {
    system,
    ...(repository === undefined ? {} : { repository }),
    ...(remote === '' ? {} : { remote: { url: remote } }),
    branch,
    ...(tag === undefined ? {} : { tag }),
    ...(number === undefined ? {} : { pullRequest: { number, ...(base === undefined ? {} : { base }) } }),
    ...(mergeQueueBase === undefined ? {} : { mergeQueueBase }),
    ...(isStray ? { doubt: `${stray} is set although ${names.pullRequest} is false` } : {}),
    commit: commitIn(env, names.commit, 'or HEAD'),
    ...(defaultBranch === undefined ? {} : { defaultBranch }),
    build: ciBuild(env, names, url),
    names: { repository: names.repository, commit: names.commit, base: names.base },
  };
}

/** GitHub names the branch of a merge group `gh-readonly-queue/<base>/pr-<number>-<commit>`; bases may hold slashes. */
export function mergeQueueBaseOf(branch: string): string | undefined {
  return /^gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]+$/.exec(branch)?.[1];
}

function pullRequestNumber(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === 'false') return undefined;
  if (text !== undefined && PULL_REQUEST_NUMBER.test(text)) return Number(text);
  throw badVariable(name, `${found(text)}; it must be the number of the pull request or false`);
}

function ciBuild(env: Environment, names: FactVariables, address: string | undefined): CiBuild {
  const url = optionalIn(env, names.url) === undefined ? undefined : address;
  const jobId = optionalIn(env, names.jobId);
  const stepKey = optionalIn(env, names.stepKey);
  const label = optionalIn(env, names.label);
  return {
    number: requiredIn(env, names.number, { form: /^[1-9]\d*$/, meaning: 'the number of the build' }),
    id: requiredIn(env, names.id, names.idForm),
    ...(url === undefined ? {} : { url }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(stepKey === undefined ? {} : { stepKey }),
    ...(label === undefined ? {} : { label }),
  };
}
