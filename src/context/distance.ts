import type { Host } from '../platform/host.ts';
import { succeeded } from '../platform/process.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import { git } from './git.ts';

/** Number of files in which the checkout's commit differs from another one; `undefined` where git has not got that. */
export async function filesBetween(host: Host, commit: CommitSha): Promise<number | undefined> {
  const finished = await git(host, [
    'diff',
    '--name-only',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    commit,
    'HEAD',
    '--',
  ]);
  return succeeded(finished) ? finished.stdout.split('\0').length - 1 : undefined;
}
