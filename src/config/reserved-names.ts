/** Begins the names of groups that ask bake what a name stands for. */
export const ALIAS = 'warmbake-of-';

/** Name of a target that is printed beside the others, and of nothing else. */
export const ESCAPE_CANARY = 'warmbake-escapes';

/** Name of a target that bake can print only where the files declare certain variables. */
export const VARIABLE_CANARY = 'warmbake-variables';

/** Why no target of the bake files may have this name, after the name; `undefined` where it may. */
export function reservation(name: string): string | undefined {
  if ([ESCAPE_CANARY, VARIABLE_CANARY].includes(name) || name.startsWith(ALIAS))
    return 'is a name that warmbake itself uses';
  // JavaScript's objects lose such a key without a word.
  return name === '__proto__' ? 'cannot be the name of a target here' : undefined;
}
