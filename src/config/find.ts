import { dirname, join, resolve } from 'node:path';
import { inCi } from '../ci/system.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';

/** Name of the file that a search looks for. */
export const CONFIGURATION_FILE = 'warmbake.yaml';

/** Files of which the first one that exists is the configuration. */
export interface Places {
  readonly candidates: readonly [string, ...string[]];
  /** What named the file; absent where it is searched for. */
  readonly namedBy?: '--config' | 'WARMBAKE_CONFIG';
}

/**
 * Where the configuration may be: the named file, else (not in CI) `warmbake.yaml` in the working directory and
 * above. In CI a search is refused, as a pull request controls what it would find: `config` error.
 */
export function configurationPlaces(host: Pick<Host, 'env' | 'cwd'>, option?: string): Places {
  const fromEnv = host.env['WARMBAKE_CONFIG'];
  if (option !== undefined) return { candidates: [resolve(host.cwd, option)], namedBy: '--config' };
  if (fromEnv !== undefined && fromEnv !== '') {
    return { candidates: [resolve(host.cwd, fromEnv)], namedBy: 'WARMBAKE_CONFIG' };
  }
  if (inCi(host.env)) {
    throw new WarmbakeError(
      'config',
      'configuration-not-named',
      `in CI ${CONFIGURATION_FILE} is not searched for, because a pull request could bring its own`,
      { hint: 'name the file with --config or WARMBAKE_CONFIG' },
    );
  }
  return { candidates: upwards(resolve(host.cwd)) };
}

function upwards(directory: string): readonly [string, ...string[]] {
  const parent = dirname(directory);
  const here = join(directory, CONFIGURATION_FILE);
  return parent === directory ? [here] : [here, ...upwards(parent)];
}
