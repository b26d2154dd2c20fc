import type { Group } from '../model/account.ts';
import { latestVersion, type CurrentVersions } from '../model/current-versions.ts';
import type { TemplateUse } from '../model/launch.ts';
import { LOGICAL_ID } from './stack-plan.ts';

/**
 * Whether the template that a stack's group launches from may be another's: a group of another stack, or of none, launches from it too, or its name is neither
 * one that CloudFormation gives (`AgentLaunchTemplate_` and letters; CloudFormation user guide, "Name type") nor begins with the stack's.
 */
export function isTemplateDoubtful(
  stack: string,
  {
    group,
    groups,
    current,
  }: {
    readonly group: Group | undefined;
    readonly groups: readonly Group[];
    readonly current: CurrentVersions;
  },
): boolean {
  const use = useOf(group);
  if (use === undefined) return false;
  const isShared = groups.some(
    (other) =>
      other.name !== group?.name && other.stack?.name !== stack && useOf(other)?.template === use.template,
  );
  const name = latestVersion(current, use.template)?.templateName ?? LOGICAL_ID.template;
  return isShared || !(name.startsWith(LOGICAL_ID.template) || name.startsWith(stack));
}

/** The template of a group, and which version of it; `undefined` where it launches from none. */
export function useOf(group: Group | undefined): TemplateUse | undefined {
  return group !== undefined && 'use' in group.launch ? group.launch.use : undefined;
}
