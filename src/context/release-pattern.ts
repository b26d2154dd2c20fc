/** True where a tag is one that `pattern` means: `*` stands for any part of its name between slashes, nothing else is special. */
export function matchesPattern(pattern: string, tag: string): boolean {
  const [wanted, found] = [pattern.split('/'), tag.split('/')];
  return wanted.length === found.length && wanted.every((part, i) => matchesPart(part, found[i] ?? ''));
}

/** Each piece is looked for once, from left to right: whoever names a tag decides how long that takes. */
function matchesPart(pattern: string, text: string): boolean {
  const [first = '', ...pieces] = pattern.split('*');
  const last = pieces.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
