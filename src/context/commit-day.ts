import type { Host } from '../platform/host.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import { firstLine } from './git.ts';

/**
 * The UTC day on which a commit was committed, `2000-01-31`: the same whenever it is built. `undefined` where the checkout lacks it.
 * `rev-list`, because `log` and `show` may start programs that the checkout's configuration names.
 */
export async function commitDay(host: Host, commit: CommitSha): Promise<string | undefined> {
  const line = await firstLine(host, ['rev-list', '--max-count=1', '--timestamp', commit]);
  const seconds = /^(\d{1,12}) /.exec(line ?? '')?.[1];
  const day = seconds === undefined ? '' : new Date(Number(seconds) * 1000).toISOString();
  return /^\d{4}-\d\d-\d\d/.exec(day)?.[0];
}
