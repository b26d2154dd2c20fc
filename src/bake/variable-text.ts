/** What decides whether the text of bake files tells enough of their variables. */
export interface TextFacts {
  /** The files' texts: HCL, JSON or YAML. */
  readonly texts: readonly string[];
  /** Names that must be declared. */
  readonly wanted: readonly string[];
  /** Names of which it must be known whether they are declared. */
  readonly others: readonly string[];
}

/**
 * True where the text of the files rules out that one of `others` is declared, and `wanted` can all be: whether they are, bake tells by
 * evaluating {@link variableCanary}. Where it says less, bake is asked for the list.
 */
export function settledByText({ texts, wanted, others }: TextFacts): boolean {
  const found = texts.map(possibleNames);
  const known = new Set(found.flatMap((names) => names ?? []));
  return (
    found.every((names) => names !== undefined) &&
    wanted.every((name) => known.has(name) && PLAIN.test(name)) &&
    !others.some((name) => known.has(name))
  );
}

/** One that a template can name. */
const PLAIN = /^[A-Za-z_]\w*$/;

/** Every name that the text could declare, and more; `undefined` where it can be spelled in another way than it is read. */
function possibleNames(text: string): readonly string[] | undefined {
  if (text.trimStart().startsWith('{')) {
    // JSON: a key. Escapes can spell any of them.
    return text.includes('\\') ? undefined : [...text.matchAll(/"([^"]*)"\s*:/g)].map(([, key = '']) => key);
  }
  // HCL: the label of a block, with or without quotes; a comment may stand before it.
  if (/\bvariable\s*(?:\/\*|"[^"\n]*[\\$%])/.test(text)) return undefined;
  return [...text.matchAll(/\bvariable[\s"]+([\w-]+)/g)].map(([, label = '']) => label);
}

/**
 * The target (JSON) that only files which declare all of `names` can have beside them: bake refuses to name others. Whatever a variable
 * holds, a text comes out.
 */
export function variableCanary(names: readonly string[]): object {
  return { args: Object.fromEntries(names.map((name) => [name, `\${${name} == null ? "" : ""}`])) };
}
