/** The configuration that a run uses, as documents tell it. */
export interface UsedConfiguration {
  /** `outside`: a file outside of the checkout. `digest`: the checkout's, pinned by its bytes. */
  readonly from: 'checkout' | 'outside' | 'digest' | 'merge-base' | 'tip';
  /** From the root of the checkout where it lies in it, else absolute. */
  readonly file: string;
  /** `sha256:` and the hex digits of its bytes. */
  readonly digest: string;
  /** Where it comes from a branch of the remote: that branch, and the commit that has it. */
  readonly branch?: string;
  readonly commit?: string;
  /** Settings that the checkout's own file has otherwise, which is not used; absent where that one is used. */
  readonly changed?: readonly string[];
}

/** The configuration's line of a log; `undefined` for the everyday case, a file as it lies there. */
export function usedText({ from, file, branch, commit }: UsedConfiguration): string | undefined {
  switch (from) {
    case 'checkout':
    case 'outside':
      return undefined;
    case 'digest':
      return `${file}, as its digest pins it`;
    case 'merge-base':
      return `${file} of ${commit?.slice(0, 12)}, the merge base with ${branch}`;
    case 'tip':
      return `${file} of ${commit?.slice(0, 12)}, where ${branch} is now`;
  }
}
