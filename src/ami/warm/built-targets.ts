import type { Survey } from '../../bake/members.ts';
import type { Settings, TargetSettings } from '../../config/settings.ts';
import { expandTargets } from '../../image-step/expand-targets.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Warning } from '../../platform/events.ts';

/** What the artifact of the trusted build says. */
export interface BuiltNames {
  /** Targets of groups and matrices, by configured name. */
  readonly groups: Survey['groups'];
  /** Targets that it has. */
  readonly names: ReadonlySet<string>;
}

/** Targets as a build had them. */
export interface BuiltTargets {
  readonly targets: readonly TargetSettings[];
  /** Why they are as configured, where they should not be. */
  readonly warning?: Warning;
}

/**
 * The configured targets with members in the place of groups and matrices, as the trusted build put them there. Where its artifact says
 * nothing of groups, or today's configuration does not go together with them, groups stand for nothing.
 */
export function builtTargets(settings: Settings, { groups, names }: BuiltNames): BuiltTargets {
  // What was configured after that build has no part in its names.
  const targets = settings.targets.filter(({ name }) => groups.has(name) || names.has(name));
  try {
    const survey = { groups, missing: new Set<string>(), targets: new Map() };
    const expanded = expandTargets({ ...settings, targets }, survey);
    return { targets: expanded.settings.targets };
  } catch (error) {
    const message = `groups and matrices are not warmed: ${messageOf(error)}`;
    return { targets: settings.targets, warning: { code: 'groups-not-warmed', message } };
  }
}
