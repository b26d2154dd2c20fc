import { OTHER_EXTRAS, OTHER_NAMES } from './other.ts';
import { BUILDKITE_NAMES } from './buildkite.ts';
import { type CiSystem, type Environment, surroundings } from './system.ts';

/** Variables with what a system says, the first one that is set counting. */
type Sayings = Readonly<Record<CiSystem, readonly string[]>>;

const ACTORS: Sayings = {
  buildkite: ['BUILDKITE_UNBLOCKER', 'BUILDKITE_BUILD_CREATOR'],
  github: ['GITHUB_TRIGGERING_ACTOR', 'GITHUB_ACTOR'],
  gitlab: ['GITLAB_USER_LOGIN'],
  other: [OTHER_EXTRAS.actor],
};

const RUNS: Sayings = {
  buildkite: [BUILDKITE_NAMES.id],
  github: ['GITHUB_RUN_ID'],
  gitlab: ['CI_PIPELINE_ID'],
  other: [OTHER_NAMES.id],
};

const CHECKOUTS: Sayings = {
  buildkite: ['BUILDKITE_BUILD_CHECKOUT_PATH'],
  github: ['GITHUB_WORKSPACE'],
  gitlab: ['CI_PROJECT_DIR'],
  other: [OTHER_EXTRAS.checkout],
};

/** Who stands behind this build, as its CI calls them. */
export function actorOf(env: Environment): string | undefined {
  return said(env, ACTORS);
}

/** An id of this run that stays the same when one of its jobs is tried again. */
export function runIdOf(env: Environment): string | undefined {
  return said(env, RUNS);
}

/** Where the CI put the repository's files: its own word, which no file in there changes. */
export function checkoutPathOf(env: Environment): string | undefined {
  return said(env, CHECKOUTS);
}

function said(env: Environment, sayings: Sayings): string | undefined {
  const around = surroundings(env);
  if (around.in !== 'ci') return undefined;
  return sayings[around.system].map((name) => env[name] ?? '').find((value) => value !== '');
}
