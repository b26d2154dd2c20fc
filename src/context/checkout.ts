import type { Host } from '../platform/host.ts';
import { commonAncestor, type Graph } from './ancestry.ts';
import type { CommitSha } from './context.ts';
import { commitNamed, firstLine, gitPath } from './git.ts';

/** Top directory of the checkout; `undefined` outside of one, or without git. */
export async function topLevel(host: Host): Promise<string | undefined> {
  return await firstLine(host, ['rev-parse', '--show-toplevel']);
}

/** As many checkouts as are looked at one in another. */
const DEEPEST = 16;

/**
 * The checkouts that `top` is a submodule of, the outermost first, and `top` itself. A pull request can make a submodule of any folder, and
 * then git sees no further than that.
 */
export async function checkoutsAround(host: Host, top: string): Promise<readonly string[]> {
  const found = [top];
  while (found.length < DEEPEST) {
    const cwd = found[0] ?? top;
    const above = await firstLine({ ...host, cwd }, ['rev-parse', '--show-superproject-working-tree']);
    if (above === undefined || found.includes(above)) break;
    found.unshift(above);
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
