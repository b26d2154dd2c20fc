import { readFile } from 'node:fs/promises';
import type { Host } from '../platform/host.ts';
import { succeeded } from '../platform/process.ts';
import { isCommitSha, type CommitSha } from '../ci/commit-sha.ts';
import { git, type GitOptions } from './git.ts';

/** Whether one commit comes before another. `unknown` is an answer: a shallow clone must not say `no`. */
export type Ancestry = 'yes' | 'no' | 'unknown';

/** A repository whose history may be cut off: every commit listed in `shallowFile` has parents that it lacks. */
export interface Graph {
  readonly host: Host;
  readonly shallowFile: string;
  readonly options: GitOptions;
}

/** A common ancestor, as far as a graph shows; `certain` where no commit that it lacks could change the answer. */
export interface CommonAncestor {
  readonly commit?: CommitSha;
  readonly certain: boolean;
}

/**
 * The best common ancestor of two revisions: with several (criss-cross merges) the one that git prints first, which is the
 * newest by commit date. Links that a cut-off history shows are true, so what is found is a common ancestor even where
 * it is not certainly the best one.
 */
export async function commonAncestor(graph: Graph, a: string, b: string): Promise<CommonAncestor> {
  const asked = await git(graph.host, ['merge-base', '--all', a, b], graph.options);
  const all = asked.stdout.split('\n').filter(isCommitSha);
  const [commit] = all;
  if (!succeeded(asked) && asked.exitCode !== 1) return { certain: false };
  // A better one hides only behind a cut that is not itself behind one of those found.
  const certain = !(await cutOff(graph, [a, b, '--not', ...all]));
  return commit === undefined ? { certain } : { commit, certain };
}

/** Whether `older` is an ancestor of `newer` (or the same commit), as far as the graph shows. */
export async function ancestry(graph: Graph, older: CommitSha, newer: CommitSha): Promise<Ancestry> {
  const forward = await isAncestor(graph, older, newer);
  if (forward !== false) return forward === true ? 'yes' : 'unknown';
  // History has no circles: where the opposite holds, this does not, however little of it is here.
  if ((await isAncestor(graph, newer, older)) === true) return 'no';
  return (await cutOff(graph, [newer])) ? 'unknown' : 'no';
}

async function isAncestor(graph: Graph, older: CommitSha, newer: CommitSha): Promise<boolean | undefined> {
  const { exitCode } = await git(graph.host, ['merge-base', '--is-ancestor', older, newer], graph.options);
  return exitCode === 0 ? true : exitCode === 1 ? false : undefined;
}

/** Whether the history of these revisions reaches a commit whose parents are missing here. */
async function cutOff(graph: Graph, revisions: readonly string[]): Promise<boolean> {
  const text = await readFile(graph.shallowFile, 'utf8').catch(() => '');
  const cuts = new Set(text.split('\n').filter(isCommitSha));
  if (cuts.size === 0) return false;
  const ends = await git(graph.host, ['rev-list', '--max-parents=0', ...revisions], graph.options);
  return !succeeded(ends) || ends.stdout.split('\n').some((end) => isCommitSha(end) && cuts.has(end));
}
