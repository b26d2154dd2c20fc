/** Options by which a person says what the repository does not. */
export type InitOption = '--registry' | '--repository' | '--ci' | '--bake' | '--target' | '--trusted-branch';

/** What only a person knows. */
export interface InitQuestion {
  readonly option: InitOption;
  /** `the registry that images and caches go to`. */
  readonly what: string;
  /** What the repository says about it, a line each. */
  readonly about: readonly string[];
  /** Taken where nobody answers; several values have commas between them. */
  readonly fallback: string;
  /** Why that. */
  readonly because: string;
  /** The fallback is none that anybody could use. */
  readonly isPlaceholder?: true;
}

/** A value that the repository says, with where; or the question for it. */
export type Choice =
  | { readonly kind: 'known'; readonly value: string; readonly because: string }
  | { readonly kind: 'open'; readonly question: InitQuestion };

/** What the repository says. */
export function foundValue(value: string, because: string): Choice {
  return { kind: 'known', value, because };
}

/** What it does not. */
export function openValue(question: InitQuestion): Choice {
  return { kind: 'open', question };
}
