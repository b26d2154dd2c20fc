/** V8 copies what is shorter, and only points into the larger text for what is longer (`SlicedString::kMinLength`). */
const COPIED = 13;
/** Short texts that are known again: states, devices, owners, most values of tags. */
const MOST = 1_000;

const known = new Map<string, string>();

/**
 * The same text with memory of its own: a piece of a larger text keeps all of it, and an id of a page of answers the page. Short ones that
 * come again and again are one text in memory.
 */
export function ownText<Text extends string>(text: Text): Text;
export function ownText(text: string): string {
  if (text.length >= COPIED) return Buffer.from(text).toString();
  const same = known.get(text);
  if (same === undefined && known.size < MOST) known.set(text, text);
  return same ?? text;
}
