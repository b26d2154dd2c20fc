/** The value that a text of JSON stands for; `undefined` where the text is not JSON. What it holds is the caller's to parse. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
