/** Whose part of the store: each has a prefix of its own, so that policies can tell them apart. */
export type StateArea =
  /** Lock and journal of a family of machine images. */
  | { readonly kind: 'machine-image'; readonly family: string }
  /** Records of builds: what pull requests leave is never among what main left. */
  | { readonly kind: 'builds'; readonly trusted: boolean };

/** What the keys of an area begin with, without slashes at its ends. */
export function areaPrefix(area: StateArea): string {
  if (area.kind === 'machine-image') return `ami/${area.family}`;
  return area.trusted ? 'builds/trusted' : 'builds/untrusted';
}

/** A word of a key that cannot lead anywhere else: no dot first, so neither `..` nor a hidden file. */
const WORD = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** The key within the whole store. Throws where it is none of the area's: no caller makes such a one. */
export function keyWithin(area: StateArea, key: string): string {
  const words = `${areaPrefix(area)}/${key}`.split('/');
  if (words.every((word) => WORD.test(word))) return words.join('/');
  throw new Error(`'${key}' is not a key of the state store`);
}
