import type { TargetSettings } from '../../config/settings.ts';
import type { BakeConfig } from './bake-config.ts';
import { INSTANCE_PLATFORM } from './instance-platform.ts';

/** The `targets` that the artifact has besides the one that must be warm, in their order; those for other platforms are left out. */
export function furtherTargets(
  config: BakeConfig,
  targets: readonly TargetSettings[],
  { judged }: { readonly judged: string },
): readonly TargetSettings[] {
  return targets.filter(({ name }) => {
    // Names of members are what a bake file made them.
    const printed = Object.hasOwn(config.targets, name) ? config.targets[name] : undefined;
    return name !== judged && printed !== undefined && platformFits(printed['platforms']);
  });
}

/** Absent means the builder's own. */
function platformFits(platforms: unknown): boolean {
  return !Array.isArray(platforms) || platforms.length === 0 || platforms.includes(INSTANCE_PLATFORM);
}
