import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import { nearest } from '../platform/nearest.ts';

/** Names that decide whether the variables of a build reach what they are meant for. */
export interface VariableNames {
  /** Declared by the repository's bake files. */
  readonly declared: ReadonlySet<string>;
  /** Set by the configuration (`bake.variables`). */
  readonly set: readonly string[];
  /** Those of `set` that need not be declared (`bake.optional`). */
  readonly optional: readonly string[];
  /** Taken from the environment on purpose (`bake.passthrough`). */
  readonly passthrough: readonly string[];
  /** Names that the environment of this process holds. */
  readonly environment: readonly string[];
}

/**
 * Bake ignores a variable that no file declares, silently: a misspelt name has switched off a cache for months. So a
 * variable of ours that is not declared is an error (`config`), and a declared name that the environment holds but
 * that is not passed is told, because whoever set it expects it to work.
 */
export function checkVariables(names: VariableNames): readonly Warning[] {
  const unknown = names.set.filter((name) => !names.declared.has(name) && !names.optional.includes(name));
  if (unknown.length > 0) {
    const each = unknown.map((name) => `'${name}'${suggestion(name, names.declared)}`);
    throw new WarmbakeError('config', 'undeclared-variable', `no bake file declares ${each.join(', ')}`, {
      hint: 'correct the name in bake.variables, or list it in bake.optional',
    });
  }
  const passed = new Set([...names.set, ...names.passthrough]);
  return names.environment
    .filter((name) => names.declared.has(name) && !passed.has(name))
    .toSorted()
    .map((name) => ({
      code: 'variable-not-passed',
      message: `the environment sets ${name}, which the bake file declares, but it is not passed: add it to bake.passthrough if that is meant`,
    }));
}

function suggestion(name: string, declared: ReadonlySet<string>): string {
  const meant = nearest(name, declared);
  return meant === undefined ? '' : ` (did you mean '${meant}'?)`;
}
