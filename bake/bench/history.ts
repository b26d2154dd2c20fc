import { createHash } from 'node:crypto';
import type { CommitSha } from '../../src/ci/commit-sha.ts';

/** Files that the steps of the demo project depend on, with the share of changes that each gets. */
const CHANGES = { server: 35, parser: 20, assets: 20, tests: 10, vendor: 10, tools: 5 } as const;
export type File = keyof typeof CHANGES;

/** What is in a checkout: a version of each file. */
export type Content = Readonly<Record<File, number>>;

/** One build that CI starts, and the history behind it. */
export interface HistoryBuild {
  readonly commit: CommitSha;
  readonly content: Content;
  /** First parents, nearest first. */
  readonly line: readonly CommitSha[];
  /** Absent for main. */
  readonly pullRequest?: {
    readonly number: number;
    readonly mergeBase: CommitSha;
    readonly base: readonly CommitSha[];
  };
}

interface Line {
  /** Newest first. */
  commits: CommitSha[];
  /** Of each commit of `commits`. */
  contents: Content[];
}

interface PullRequest extends Line {
  readonly number: number;
  /** Of main, at the merge base: newest first. */
  base: CommitSha[];
  baseContent: Content;
}

/** mulberry32: the same history for the same seed, everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * The builds of a repository with up to four open pull requests, in order: pushes of one or two commits, reverts, rebases, merges, and
 * reverts on main. Each build is of the last commit of a push.
 */
export function makeHistory(seed: number, builds: number): readonly HistoryBuild[] {
  const random = randomOf(seed);
  let made = 0;
  const sha = (): CommitSha => createHash('sha1').update(`${seed} ${made++}`).digest('hex') as CommitSha;
  const start: Content = { server: 0, parser: 0, assets: 0, tests: 0, vendor: 0, tools: 0 };
  const main: Line = { commits: [sha()], contents: [start] };
  const open: PullRequest[] = [];
  let numbers = 0;

  const now = ({ contents }: Line): Content => contents[0] ?? start;
  const commit = (line: Line, content: Content): void => {
    line.commits = [sha(), ...line.commits];
    line.contents = [content, ...line.contents];
  };
  const file = (): File => {
    let left = random() * 100;
    for (const [name, share] of Object.entries(CHANGES)) if ((left -= share) < 0) return name as File;
    return 'server';
  };
  /** Takes one of the last four commits back. */
  const revert = (line: Line): void => {
    const at = Math.floor(random() * Math.min(4, line.contents.length - 1));
    const [after = start, before = after] = line.contents.slice(at, at + 2);
    const taken = Object.entries(before).filter(([f, version]) => after[f as File] !== version);
    commit(line, { ...now(line), ...Object.fromEntries(taken) });
  };
  const change = (line: Line): void => {
    if (line.contents.length > 1 && random() < 0.15) revert(line);
    else commit(line, { ...now(line), [file()]: made });
  };
  /** What the pull request changed, on another base. */
  const onTop = ({ baseContent, contents }: PullRequest, base: Content, depth = 0): Content => {
    const own = Object.entries(contents[depth] ?? start).filter(([f, v]) => baseContent[f as File] !== v);
    return { ...base, ...Object.fromEntries(own) };
  };
  const build = (line: Line, pr?: PullRequest): HistoryBuild => ({
    commit: line.commits[0] ?? sha(),
    content: now(line),
    line: line.commits.slice(1).concat(pr?.base ?? []),
    ...(pr === undefined
      ? {}
      : { pullRequest: { number: pr.number, mergeBase: pr.base[0] ?? sha(), base: pr.base.slice(1) } }),
  });

  const result = [build(main)];
  while (result.length < builds) {
    const dice = random();
    const pr = open[Math.floor(random() * open.length)];
    if (pr === undefined || (dice < 0.15 && open.length < 4)) {
      const opened: PullRequest = {
        number: ++numbers,
        base: main.commits,
        baseContent: now(main),
        commits: [],
        contents: [now(main)],
      };
      change(opened);
      open.push(opened);
      result.push(build(opened, opened));
    } else if (dice < 0.6) {
      change(pr);
      if (random() < 0.3) change(pr);
      result.push(build(pr, pr));
    } else if (dice < 0.75) {
      const rebased = pr.commits.map((_, depth) => onTop(pr, now(main), depth));
      pr.commits = pr.commits.map(sha);
      pr.contents = [...rebased, now(main)];
      pr.base = main.commits;
      pr.baseContent = now(main);
      result.push(build(pr, pr));
    } else if (dice < 0.95) {
      commit(main, onTop(pr, now(main)));
      open.splice(open.indexOf(pr), 1);
      result.push(build(main));
    } else if (main.contents.length > 1) {
      revert(main);
      result.push(build(main));
    }
  }
  return result;
}
