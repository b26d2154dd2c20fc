import path from 'node:path';
import type { CiRemote } from '../ci/facts.ts';
import type { Host } from '../platform/host.ts';
import { ancestry, commonAncestor, type Ancestry, type Graph } from './ancestry.ts';
import { bareClone, FETCHED } from './bare-clone.ts';
import { checkoutGraph, type CheckoutPlace } from './checkout.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import { type FirstParents, firstParents } from './git.ts';

/** What git knows about the merge base of two lines; `none` is certain, `unknown` says why. */
export type MergeBase =
  | { readonly state: 'found'; readonly commit: CommitSha }
  | { readonly state: 'none' }
  | { readonly state: 'unknown'; readonly because: string };

/** Facts about history beyond what the checkout holds; nothing that git or the remote do makes it throw. */
export interface History {
  /** Best common ancestor of a commit and a branch of the remote, as that branch is now. */
  mergeBase(commit: CommitSha, branch: string): Promise<MergeBase>;
  /** Whether `older` is an ancestor of `newer` (or the same commit). */
  isAncestor(older: CommitSha, newer: CommitSha): Promise<Ancestry>;
  /** First parent of a commit, where the checkout has the commit or an earlier question has fetched it. */
  parentOf(commit: CommitSha): Promise<CommitSha | undefined>;
  /** First parents of a commit, the nearest first, as far as they are known without asking the remote; at most `count`. */
  lineOf(commit: CommitSha, count: number): Promise<readonly CommitSha[]>;
}

/** Commits fetched below each tip, step by step until the answer is certain. What lies deeper is older than any cache. */
const DEPTHS = [50, 500, 5000] as const;

/** Time for one question, in milliseconds, unless told otherwise. */
const LIMIT_MS = 20_000;

/** Options of {@link openHistory}. */
export interface HistoryOptions {
  /** Bounds each question, in milliseconds. */
  readonly limitMs?: number;
  /** Asked in place of the checkout's `origin`. */
  readonly origin?: CiRemote | undefined;
  /** Where its clone is; default in `host.scratch`. */
  readonly directory?: string;
  /** The checkout, where somebody has looked already. */
  readonly checkout?: CheckoutPlace | undefined;
}

/** Commits of a line that are asked for at once. */
const LINE = 8;

/**
 * Opens the history of the checkout's `origin`. The checkout itself is never fetched into or deepened: other steps of the
 * job rely on it. Commits go to a bare clone in `host.scratch`, made on the first question and gone with the run: the
 * first step fetches some kilobytes, not worth a shared clone with its locks and repairs.
 */
export function openHistory(
  host: Host,
  { limitMs = LIMIT_MS, origin, directory = inScratch(host), checkout }: HistoryOptions = {},
): History {
  const clone = bareClone(host, { directory, origin, checkout });
  const graph: Graph = { host, shallowFile: path.join(directory, 'shallow'), options: { directory } };

  /** One question at a time: git locks its list of shallow commits. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = async <T>(question: () => Promise<T>): Promise<T> => {
    const answer = turn.then(question);
    turn = answer.catch(() => undefined);
    return await answer;
  };

  /** Asks after each step of depth; where no answer is certain, the last one and why there is no better. */
  const deepening = async <T>(
    wanted: Readonly<Record<string, string>>,
    ask: () => Promise<{ readonly answer: T; readonly certain: boolean }>,
  ): Promise<{ readonly answer?: T; readonly because?: string }> => {
    const deadline = host.clock.now().getTime() + limitMs;
    let last: { readonly answer?: T } = {};
    for (const depth of DEPTHS) {
      const timeoutMs = deadline - host.clock.now().getTime();
      if (timeoutMs <= 0) return { ...last, because: `no certain answer within ${limitMs / 1000} s` };
      const because = await clone.fetch(wanted, { depth, timeoutMs });
      if (because !== undefined) return { ...last, because };
      const { answer, certain } = await ask();
      if (certain) return { answer };
      last = { answer };
    }
    return { ...last, because: `it is more than ${DEPTHS.at(-1)} commits away` };
  };

  /** Asked once for a commit. The checkout is only read: nobody's turn is waited for. */
  const lines = new Map<CommitSha, Promise<FirstParents>>();
  const here = async (commit: CommitSha, count = LINE): Promise<FirstParents> => {
    if (count > LINE) return await firstParents(host, commit, { count });
    const line = lines.get(commit) ?? firstParents(host, commit, { count: LINE });
    lines.set(commit, line);
    return await line;
  };
  const there = async (commit: CommitSha, count = LINE): Promise<FirstParents> =>
    await inTurn(async () => await firstParents(host, commit, { count, directory }));

  return {
    mergeBase: async (commit, branch) =>
      await inTurn(async () => {
        if (!isBranchName(branch)) return { state: 'unknown', because: `'${branch}' is not a branch name` };
        const { answer, because } = await deepening({ commit, base: `refs/heads/${branch}` }, async () => {
          const { commit: found, certain } = await commonAncestor(graph, commit, `${FETCHED}/base`);
          return { answer: found, certain };
        });
        if (answer !== undefined) return { state: 'found', commit: answer };
        return because === undefined ? { state: 'none' } : { state: 'unknown', because };
      }),

    isAncestor: async (older, newer) =>
      await inTurn(async () => {
        const inCheckout = await checkoutGraph(host);
        const known = inCheckout === undefined ? 'unknown' : await ancestry(inCheckout, older, newer);
        if (known !== 'unknown') return known;
        const { answer } = await deepening({ older, newer }, async () => {
          const told = await ancestry(graph, older, newer);
          return { answer: told, certain: told !== 'unknown' };
        });
        return answer ?? 'unknown';
      }),

    parentOf: async (commit) => {
      const { parent } = await here(commit);
      return parent ?? (await there(commit)).parent;
    },

    lineOf: async (commit, count) => {
      const { line, isWhole } = await here(commit, count);
      if (isWhole || line.length >= count) return line.slice(0, count);
      const more = (await there(commit, count)).line;
      return more.length > line.length ? more : line;
    },
  };
}

function inScratch(host: Host): string {
  return path.join(host.scratch, 'history.git');
}

/** Git refuses these characters in branch names, and some of them would make another refspec of it. */
function isBranchName(branch: string): boolean {
  return branch !== '' && !/[\s\p{Cc}~^:?*[\\]|\.\./u.test(branch);
}
