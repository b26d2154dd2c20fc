import type { CommitSha } from '../ci/commit-sha.ts';

/** What a manifest says about the build that made it. */
export interface Marked {
  readonly revision?: string;
  readonly buildNumber?: string;
}

/** Whether git knows that one commit comes before another. */
export type AncestorAnswer = 'yes' | 'no' | 'unknown';

/** What is known about a moving name and the manifest that wants it. */
export interface PromotionFacts {
  /** What the name holds now; `undefined` where it does not exist. */
  readonly holds: Marked | undefined;
  readonly commit: CommitSha;
  readonly buildNumber?: string;
  /** The commit held is an ancestor of ours. */
  readonly heldIsOlder: AncestorAnswer;
  /** Ours is an ancestor of the commit held. */
  readonly heldIsNewer: AncestorAnswer;
}

/** Whether the name moves, and why. `warning` where it moves although nothing is known. */
export interface PromotionDecision {
  readonly move: boolean;
  readonly because: string;
  readonly warning?: string;
}

/**
 * A name like `latest` only moves forward: to a descendant of what it holds, never to an ancestor. Where git cannot
 * tell, the higher build number wins; where nothing is known (another tool made the manifest), it moves with a warning.
 */
export function decidePromotion(facts: PromotionFacts): PromotionDecision {
  const { holds } = facts;
  if (holds === undefined) return { move: true, because: 'the name is new' };
  if (holds.revision === undefined) return unmarked(facts);
  const held = holds.revision.slice(0, 12);
  if (holds.revision === facts.commit) return { move: true, because: `it holds this commit already` };
  if (facts.heldIsOlder === 'yes') return { move: true, because: `it holds the ancestor ${held}` };
  if (facts.heldIsNewer === 'yes') return { move: false, because: `it holds the newer commit ${held}` };
  return byNumber(facts, held);
}

function unmarked(facts: PromotionFacts): PromotionDecision {
  const because = 'what it holds does not say its commit';
  return facts.holds?.buildNumber === undefined
    ? { move: true, because, warning: `${because}; another tool may have written it` }
    : byNumber(facts, 'an unknown commit');
}

function byNumber(facts: PromotionFacts, held: string): PromotionDecision {
  const ours = wholeNumber(facts.buildNumber);
  const theirs = wholeNumber(facts.holds?.buildNumber);
  if (ours === undefined || theirs === undefined) {
    const because = `git cannot order ${held} and this commit, and no build numbers are known`;
    return { move: true, because, warning: because };
  }
  const because = `git cannot order the commits; build ${theirs} made what it holds, this is build ${ours}`;
  return { move: ours >= theirs, because };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
