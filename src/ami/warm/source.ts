import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CommitSha } from '../../ci/commit-sha.ts';
import { git } from '../../context/git.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { explainExit, succeeded } from '../../platform/process.ts';

/** Time for fetching one commit, in milliseconds: 9 s where a whole clone took 4 minutes. */
const FETCH_MS = 300_000;

/**
 * Checks out exactly `commit` of `url`, one commit deep, in a directory of this run; answers with it. The default branch is never asked
 * for: it has moved since. Throws `outside` with git's words.
 */
export async function fetchSource(host: Host, url: string, commit: CommitSha): Promise<string> {
  const directory = path.join(host.scratch, 'source');
  await mkdir(directory, { recursive: true });
  const there: Host = { ...host, cwd: directory };
  const fetch = ['fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', url, commit];
  const steps = [
    { args: ['init', '--quiet', '--template='] },
    { args: fetch, options: { network: FETCH_MS } },
    { args: ['checkout', '--quiet', '--detach', commit] },
  ];
  for (const { args, options } of steps) {
    const finished = await git(there, args, options);
    host.signal.throwIfAborted();
    if (succeeded(finished)) continue;
    throw new WarmbakeError(
      'outside',
      'no-source',
      `cannot fetch ${commit} from ${url}: ${explainExit(finished)}`,
      { hint: 'the revision of the image must still be reachable in the repository' },
    );
  }
  return directory;
}
