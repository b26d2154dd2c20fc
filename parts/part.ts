/**
 * One real part: where it comes from, or why there is none. `because` is a phrase for people; what `cannotBeHad` on this machine is
 * not asked for by WARMBAKE_REQUIRE_PARTS=1 either.
 */
export type Part<T> =
  | { readonly state: 'here'; readonly from: string; readonly value: T }
  | { readonly state: 'missing'; readonly because: string; readonly cannotBeHad?: boolean };

/** Thrown where a part is needed that is missing; the message says which and why. */
export class PartMissing extends Error {
  readonly cannotBeHad: boolean;

  constructor(name: string, because: string, options: { readonly cannotBeHad?: boolean } = {}) {
    super(`${name} is missing: ${because}`);
    this.name = 'PartMissing';
    this.cannotBeHad = options.cannotBeHad ?? false;
  }
}

/** A part that is here. */
export function here<T>(from: string, value: T): Part<T> {
  return { state: 'here', from, value };
}

/** A part that is missing. */
export function missing(because: string, options: { readonly cannotBeHad?: boolean } = {}): Part<never> {
  return { state: 'missing', because, ...options };
}

/** The value of a part. Throws {@link PartMissing}. */
export function need<T>(name: string, part: Part<T>): T {
  if (part.state === 'missing') throw new PartMissing(name, part.because, part);
  return part.value;
}

/** Something that was started and lasts until `stop`; `stop` may be called twice. */
export interface Running {
  readonly stop: () => Promise<void>;
}
