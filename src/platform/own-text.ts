/** V8 copies what is shorter, and only points into the larger text for what is longer (`SlicedString::kMinLength`). */
const COPIED = 13;

/** The same text with memory of its own: a piece of a larger text keeps all of it, and an id of a page of answers the page. */
export function ownText<Text extends string>(text: Text): Text;
export function ownText(text: string): string {
  return text.length < COPIED ? text : Buffer.from(text).toString();
}
