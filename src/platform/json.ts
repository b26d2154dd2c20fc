/**
 * The value that a text of JSON stands for; `undefined` where the text is not JSON, or its bytes are not UTF-8. What it holds is the
 * caller's to parse.
 */
export function jsonOrUndefined(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(
      typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text),
    );
  } catch {
    return undefined;
  }
}
