import type { FamilySettings, LaunchPermissions } from '../../config/families.ts';

/** Why an image stays that others may launch; those whom the configuration names know that images go. `undefined` where nobody else may. */
export function sharedBecause(
  { accounts, organizations }: LaunchPermissions,
  { shareWith }: Pick<FamilySettings, 'shareWith'>,
): string | undefined {
  const configured = new Set([...shareWith.accounts, ...shareWith.organizations]);
  const others = [...accounts, ...organizations].filter((one) => !configured.has(one));
  return others.length === 0 ? undefined : `shared with ${others.join(', ')}`;
}
