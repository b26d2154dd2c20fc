import type { BuildContext } from '../context/context.ts';
import { type DoctorFinding, ok, skipped, warning } from './finding.ts';

/** How much history the checkout holds. `commits`: those that HEAD leads to, where it is shallow. */
export type Depth =
  | { readonly state: 'whole' }
  | { readonly state: 'shallow'; readonly commits: number }
  | { readonly state: 'no-checkout' };

/** Judges the checkout's depth; by itself a shallow one is fine, because the rest is asked of the remote. */
export function depthFinding(depth: Depth): DoctorFinding {
  const check = 'git-depth';
  switch (depth.state) {
    case 'no-checkout':
      return warning(check, {
        text: 'git sees no checkout here: there is no commit to name results by',
        fix: 'run it in the checkout; in a container, mount the .git folder too',
      });
    case 'whole':
      return ok(check, 'the checkout has its whole history');
    case 'shallow': {
      const { commits } = depth;
      return ok(
        check,
        `the checkout is shallow (${commits} ${commits === 1 ? 'commit' : 'commits'}); the rest is asked of the remote`,
      );
    }
  }
}

/** What the remote said about the trusted branch: its commit, or why it did not. */
export type RemoteAnswer =
  | { readonly state: 'answered'; readonly tip: string | undefined }
  | { readonly state: 'silent'; readonly because: string };

const REMOTE_FIX =
  'let git of this job reach its origin: a key or token that may read (GIT_SSH_COMMAND, a credential helper), and the network';

/** Judges whether `origin` answers. */
export function remoteFinding(answer: RemoteAnswer, branch: string): DoctorFinding {
  const check = 'git-remote';
  if (answer.state === 'silent') {
    const text = `origin does not answer (${answer.because}): merge base and order of commits are unknown where the checkout lacks them`;
    return warning(check, { text, fix: REMOTE_FIX });
  }
  return answer.tip === undefined
    ? warning(check, {
        text: `origin answers, and has no branch ${branch}`,
        fix: 'correct trustedBranch in the configuration',
      })
    : ok(check, `origin answers; ${branch} is at ${answer.tip.slice(0, 12)}`);
}

/** Whether the commit is known that this one began from. */
export interface BaseFacts {
  readonly context: BuildContext;
  /** The branch whose merge base is wanted; absent where none is. */
  readonly base: string | undefined;
  /** What was said where it was not found (`merge base with main is unknown: …`); absent where there certainly is none. */
  readonly unknown?: string;
}

/** Judges the merge base. */
export function mergeBaseFinding({ context, base, unknown }: BaseFacts): DoctorFinding {
  const check = 'merge-base';
  if (base === undefined) return skipped(check, 'the branch itself has none');
  if (context.commit === undefined) return skipped(check, 'there is no commit');
  if (context.mergeBase !== undefined) return ok(check, `${context.mergeBase.slice(0, 12)} with ${base}`);
  if (context.origin.kind === 'local') {
    return ok(
      check,
      `none that this checkout shows with ${base}; outside of CI the remote is not asked for it`,
    );
  }
  if (unknown === undefined) {
    return ok(check, `this commit is one of ${base}, or has nothing in common with it`);
  }
  return warning(check, {
    text: `${unknown}: the cache of the commit that this one began from is not asked for`,
    fix: 'let git of this job reach its origin, or check out more than one commit (git fetch --unshallow)',
  });
}
