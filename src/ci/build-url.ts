import { shownAddresses, withoutUser } from '../platform/shown-addresses.ts';
import { OTHER_NAMES } from './other.ts';
import { BUILDKITE_NAMES } from './buildkite.ts';
import { type Environment, surroundings } from './system.ts';

/** The page of this build, for results, records, locks and holds: whoever reads those gets no password with it. `undefined` where no CI says it. */
export function buildUrl(env: Environment): string | undefined {
  const url = addressIn(env) ?? '';
  return url === '' ? undefined : shownAddresses(withoutUser(url));
}

function addressIn(env: Environment): string | undefined {
  const around = surroundings(env);
  switch (around.in === 'ci' ? around.system : undefined) {
    case 'buildkite':
      return env[BUILDKITE_NAMES.url];
    case 'other':
      return env[OTHER_NAMES.url];
    case 'gitlab':
      return env['CI_PIPELINE_URL'];
    case 'github':
      return githubRun(env);
    case undefined:
      return undefined;
  }
}

function githubRun(env: Environment): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  if (server === undefined || repository === undefined || run === undefined) return undefined;
  return `${server}/${repository}/actions/runs/${run}/attempts/${env['GITHUB_RUN_ATTEMPT'] ?? '1'}`;
}
