const LINK = 'target:';

/**
 * Names of the targets that `names` take as contexts (`contexts = { x = "target:base" }`), directly or not, without `names`
 * themselves. `contexts` holds the named contexts of each target.
 */
export function linkedTargets(
  contexts: ReadonlyMap<string, readonly string[]>,
  names: readonly string[],
): readonly string[] {
  const found = new Set(names);
  for (const name of found) {
    for (const context of contexts.get(name) ?? []) {
      if (context.startsWith(LINK)) found.add(context.slice(LINK.length));
    }
  }
  return [...found].slice(new Set(names).size);
}
