/** A text that nobody may see as long as a run lasts, and what stands in its place. */
export interface HiddenText {
  readonly text: string;
  readonly shown: string;
}

/** The path of a merged cache, as references and addresses have it. Builds beside this one on the same BuildKit share steps and errors with it. */
const ANY_GATEWAY = /\b(127\.0\.0\.1:\d+\/(?:v2\/)?)[0-9a-f]{32}\/cache\b/g;

/** `line` as people may see it: earlier texts of `hidden` are replaced first, then the secrets of other builds' gateways. */
export function withoutHidden(line: string, hidden: readonly HiddenText[]): string {
  return hidden
    .reduce((left, { text, shown }) => left.replaceAll(text, shown), line)
    .replaceAll(ANY_GATEWAY, '$1…/cache');
}
