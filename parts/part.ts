/** One real part: where it comes from, or why there is none. `because` is a phrase for people. */
export type Part<T> =
  | { readonly state: 'here'; readonly from: string; readonly value: T }
  | { readonly state: 'missing'; readonly because: string };

/** Thrown where a part is needed that is missing; the message says which and why. */
export class PartMissing extends Error {
  constructor(name: string, because: string) {
    super(`${name} is missing: ${because}`);
    this.name = 'PartMissing';
  }
}

/** A part that is here. */
export function here<T>(from: string, value: T): Part<T> {
  return { state: 'here', from, value };
}

/** A part that is missing. */
export function missing(because: string): Part<never> {
  return { state: 'missing', because };
}

/** The value of a part. Throws {@link PartMissing}. */
export function need<T>(name: string, part: Part<T>): T {
  if (part.state === 'missing') throw new PartMissing(name, part.because);
  return part.value;
}

/** Something that was started and lasts until `stop`; `stop` may be called twice. */
export interface Running {
  readonly stop: () => Promise<void>;
}
