import type { TargetSettings } from '../config/settings.ts';
import { WarmbakeError } from '../platform/errors.ts';

/** The settings of the named targets. Throws `usage` for a name that is not configured, and where one must be chosen. */
export function chooseTargets(
  configured: readonly TargetSettings[],
  named: readonly string[],
): readonly TargetSettings[] {
  const known = configured.map((t) => t.name).join(', ');
  if (named.length === 0 && configured.length === 1) return configured;
  if (named.length === 0) {
    throw new WarmbakeError('usage', 'target-needed', `name the targets to build; configured are ${known}`);
  }
  return [...new Set(named)].map((name) => {
    const found = configured.find((t) => t.name === name);
    if (found !== undefined) return found;
    throw new WarmbakeError(
      'usage',
      'unknown-target',
      `'${name}' is not a configured target; there are ${known}`,
    );
  });
}
