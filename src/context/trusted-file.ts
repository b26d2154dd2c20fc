import path from 'node:path';
import type { CiRemote } from '../ci/facts.ts';
import type { Host } from '../platform/host.ts';
import { explainExit, succeeded } from '../platform/process.ts';
import { bareClone, FETCHED } from './bare-clone.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import { commitNamed, git } from './git.ts';
import { openHistory } from './history.ts';

/** A file of a branch of the remote; `unknown` says why. */
export type TrustedFile =
  | {
      readonly state: 'found';
      readonly text: string;
      readonly at: 'merge-base' | 'tip';
      readonly commit: CommitSha;
    }
  | { readonly state: 'missing'; readonly at: 'merge-base' | 'tip'; readonly commit: CommitSha }
  | { readonly state: 'unknown'; readonly because: string };

/** Which file. */
export interface TrustedFileRequest {
  /** From the root of the repository, with `/`. */
  readonly file: string;
  readonly branch: string;
  /** The commit whose merge base with the branch has it; absent for the branch as it is now. */
  readonly mergeBaseOf?: CommitSha | undefined;
  /** Absent where the checkout's own `origin` is asked. */
  readonly origin: CiRemote | undefined;
}

/** Time to ask for a branch, and for a file of it, in milliseconds. */
const LIMIT_MS = 20_000;

/**
 * Reads a file as a branch of the remote has it. Nothing of the checkout takes part: no branch, replaced object, graft, alternate or
 * attribute of it. What git fetches it checks against its name. Where there is no merge base it is the branch as it is now.
 */
export async function readTrustedFile(host: Host, request: TrustedFileRequest): Promise<TrustedFile> {
  const { branch, mergeBaseOf, origin } = request;
  const directory = path.join(host.scratch, 'configuration.git');
  if (mergeBaseOf !== undefined) {
    const history = openHistory(host, { origin, directory, limitMs: LIMIT_MS });
    const found = await history.mergeBase(mergeBaseOf, branch);
    if (found.state === 'found')
      return await fileOf(host, { directory, request, at: 'merge-base', commit: found.commit });
  }
  const clone = bareClone(host, { directory: `${directory}.tip`, origin });
  const because = await clone.fetch({ tip: `refs/heads/${branch}` }, { depth: 1, timeoutMs: LIMIT_MS });
  if (because !== undefined) return { state: 'unknown', because };
  const tip = await commitNamed(host, `${FETCHED}/tip`, { directory: clone.directory });
  if (tip === undefined) return { state: 'unknown', because: `git fetched no commit of ${branch}` };
  return await fileOf(host, { directory: clone.directory, request, at: 'tip', commit: tip });
}

/** Trees and files are fetched when they are asked for: three of them, not a repository's. */
async function fileOf(
  host: Host,
  {
    directory,
    request: { file },
    ...place
  }: {
    readonly directory: string;
    readonly request: TrustedFileRequest;
    readonly at: 'merge-base' | 'tip';
    readonly commit: CommitSha;
  },
): Promise<TrustedFile> {
  const options = { directory, network: LIMIT_MS };
  const listed = await git(host, ['ls-tree', '-z', '--full-tree', place.commit, '--', file], options);
  if (!succeeded(listed)) return { state: 'unknown', because: explainExit(listed) };
  const [entry = ''] = listed.stdout.split('\0');
  const [, blob, name] = /^100[67][54][54] blob ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
  if (blob === undefined || name !== file) return { state: 'missing', ...place };
  const read = await git(host, ['cat-file', 'blob', blob], options);
  if (!succeeded(read)) return { state: 'unknown', because: explainExit(read) };
  return { state: 'found', text: read.stdout, ...place };
}
