import path from 'node:path';
import type { Host } from './host.ts';

/**
 * Where this tool keeps what it can fetch again: `$XDG_CACHE_HOME/warmbake`, else `~/.cache/warmbake`; `undefined` without a
 * home. Only absolute paths count (XDG Base Directory Specification).
 */
export function cacheDirectory(env: Host['env']): string | undefined {
  const home = env['HOME'];
  const places = [env['XDG_CACHE_HOME'], home === undefined ? undefined : path.join(home, '.cache')];
  const base = places.find((directory) => directory !== undefined && path.isAbsolute(directory));
  return base === undefined ? undefined : path.join(base, 'warmbake');
}
