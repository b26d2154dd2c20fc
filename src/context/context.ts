import type { CommitSha } from '../ci/commit-sha.ts';
import type { CiBuild } from '../ci/facts.ts';
import type { RepositoryId } from '../ci/repository-id.ts';

/** What started this build; decides which names it reads and writes. */
export type Origin =
  /** The trusted branch (of any repository); `trusted` tells whether it is the trusted build. */
  | { readonly kind: 'main'; readonly branch: string }
  | { readonly kind: 'branch'; readonly branch: string }
  | { readonly kind: 'pull-request'; readonly number: number; readonly branch: string; readonly base: string }
  /** `gh-readonly-queue/<base>/…`: the state that `base` would have. */
  | { readonly kind: 'merge-queue'; readonly branch: string; readonly base: string }
  | { readonly kind: 'tag'; readonly tag: string }
  /** Not in CI; the branch where git knows one. */
  | { readonly kind: 'local'; readonly branch?: string };

/** What this build is. A pure value: everything later follows from it and the settings. */
export interface BuildContext {
  readonly origin: Origin;
  /** True in CI for our repository and its trusted branch without pull request and tag, and for its releases (origin `tag`). */
  readonly trusted: boolean;
  /** Why it is (not) trusted, in one phrase. */
  readonly because: string;
  readonly repository?: RepositoryId;
  /** Absent only for local builds outside of git. */
  readonly commit?: CommitSha;
  /** First parent of the commit, where git knows it. */
  readonly parent?: CommitSha;
  /** Best common ancestor with the base branch, where git knows it and it is not the commit itself. */
  readonly mergeBase?: CommitSha;
  /** Commits of this line before it, by first parents, the nearest first: earlier pushes. Where there is a merge base, down to it. */
  readonly previous?: readonly CommitSha[];
  /** Commits before the merge base, by first parents, the nearest first. */
  readonly basePrevious?: readonly CommitSha[];
  readonly build?: CiBuild;
}
