import type { TargetSettings } from '../config/settings.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { nearest } from '../platform/nearest.ts';
import type { ExpandedTargets } from './expand-targets.ts';

/**
 * The settings of the named targets, each once: configured names, of which groups and matrices stand for their members, names of
 * members, and of groups within. Without names those of `default`, or all. Throws `usage` for a name that is none, `config` where `default` has it.
 */
export function chooseTargets(
  { settings, standsFor, within }: Pick<ExpandedTargets, 'settings' | 'standsFor' | 'within'>,
  named: readonly string[],
): readonly TargetSettings[] {
  if (named.length === 0 && settings.default.length === 0) return settings.targets;
  const asked = named.length === 0 ? settings.default : named;
  const members = new Map(settings.targets.map((target) => [target.name, target]));
  const names = asked.flatMap((name) => {
    const found = standsFor.get(name) ?? (members.has(name) ? [name] : within.get(name));
    if (found !== undefined) return found;
    const known = [...new Set([...standsFor.keys(), ...members.keys()])];
    const meant = nearest(name, [...known, ...within.keys()]);
    const problem =
      named.length === 0
        ? `'${name}' of \`default\` is not a configured target`
        : `'${name}' is not a configured target`;
    throw new WarmbakeError(
      named.length === 0 ? 'config' : 'usage',
      'unknown-target',
      `${problem}; there are ${known.join(', ')}`,
      meant === undefined ? {} : { hint: `did you mean '${meant}'?` },
    );
  });
  return [...new Set(names)].flatMap((name) => members.get(name) ?? []);
}
