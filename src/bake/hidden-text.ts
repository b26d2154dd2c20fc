/** A text that nobody may see as long as a run lasts, and what stands in its place. */
export interface HiddenText {
  readonly text: string;
  readonly shown: string;
}

/** `line` as people may see it; earlier texts of `hidden` are replaced first. */
export function withoutHidden(line: string, hidden: readonly HiddenText[]): string {
  return hidden.reduce((left, { text, shown }) => left.replaceAll(text, shown), line);
}
