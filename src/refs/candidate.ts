import type { Reference } from '../registry/reference.ts';

/** Which part of the fallback a source stands for; the order of this list is the order of the chain. */
export const ROLES = [
  'commit',
  'parent',
  'merge-base',
  'own',
  'base',
  'main',
  'previous',
  'base-previous',
] as const;
export type Role = (typeof ROLES)[number];

/**
 * Whose word counts where caches contradict each other, higher is more: what only the trusted build writes; what builds of other
 * branches write; what the branch that is built can have written itself.
 */
export const TRUST = { trusted: 2, others: 1, own: 0 } as const;

/** One ref that may hold layers for this build. */
export interface Candidate {
  readonly role: Role;
  readonly ref: Reference;
  readonly trust: (typeof TRUST)[keyof typeof TRUST];
  /** Needed only where the candidate before it, of the same tag in the trusted repository, was not found. */
  readonly alternative: boolean;
}
