import path from 'node:path';
import type { Host } from '../platform/host.ts';
import { succeeded } from '../platform/process.ts';
import { commonAncestor, type Graph } from './ancestry.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import { commitNamed, firstLine, git, gitPath } from './git.ts';

/** Where a checkout lies; absolute paths. */
export interface CheckoutPlace {
  /** Its top directory. */
  readonly top: string;
  /** Its git configuration, which worktrees share. */
  readonly config: string;
  /** Top directory of the checkout that it is a submodule of. */
  readonly above?: string;
}

/** The checkout at `host.cwd`; `undefined` outside of one, or without git. */
export async function checkoutPlace(host: Host): Promise<CheckoutPlace | undefined> {
  const questions = ['--show-toplevel', '--git-path', 'config', '--show-superproject-working-tree'];
  const asked = await git(host, ['rev-parse', ...questions]);
  const [top = '', config = '', above = ''] = asked.stdout.split('\n');
  if (!succeeded(asked) || top === '') return undefined;
  return { top, config: path.resolve(host.cwd, config), ...(above === '' ? {} : { above }) };
}

/** As many checkouts as are looked at one in another. */
const DEEPEST = 16;

/**
 * The top directories of the checkouts that this one is a submodule of, the outermost first, and its own. A pull request can make a
 * submodule of any folder, and then git sees no further than that.
 */
export async function checkoutsAround(host: Host, { top, above }: CheckoutPlace): Promise<readonly string[]> {
  const found = [top];
  let next = above;
  while (next !== undefined && found.length < DEEPEST && !found.includes(next)) {
    found.unshift(next);
    next = (await checkoutPlace({ ...host, cwd: next }))?.above;
  }
  return found;
}

/** The commit that is checked out. */
export async function headCommit(host: Host): Promise<CommitSha | undefined> {
  return await commitNamed(host, 'HEAD');
}

/** The branch that is checked out; `undefined` on a detached HEAD, as Buildkite checks out. */
export async function currentBranch(host: Host): Promise<string | undefined> {
  const ref = await firstLine(host, ['symbolic-ref', '--quiet', 'HEAD']);
  return ref?.startsWith('refs/heads/') === true ? ref.slice('refs/heads/'.length) : undefined;
}

/** The history that the checkout at `host.cwd` holds; `undefined` outside of git. */
export async function checkoutGraph(host: Host): Promise<Graph | undefined> {
  const shallowFile = await gitPath(host, 'shallow');
  return shallowFile === undefined ? undefined : { host, shallowFile, options: {} };
}

/**
 * A common ancestor with a branch of `origin` as the checkout last saw it. The branch may have moved since: then an older
 * ancestor is found than the best one. `undefined` where the checkout does not know the branch or shows no link.
 */
export async function mergeBaseHere(
  host: Host,
  commit: CommitSha,
  branch: string,
): Promise<CommitSha | undefined> {
  const [graph, tip] = await Promise.all([
    checkoutGraph(host),
    commitNamed(host, `refs/remotes/origin/${branch}`),
  ]);
  if (graph === undefined || tip === undefined) return undefined;
  return (await commonAncestor(graph, commit, tip)).commit;
}
