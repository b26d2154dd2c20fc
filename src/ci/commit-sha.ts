declare const brand: unique symbol;

/** 40 lower-case hex digits. */
export type CommitSha = string & { readonly [brand]: 'CommitSha' };

/** True for a full commit id. */
export function isCommitSha(text: string): text is CommitSha {
  return /^[0-9a-f]{40}$/.test(text);
}
