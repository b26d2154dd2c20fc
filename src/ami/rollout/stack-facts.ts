import type { Account } from '../model/account.ts';
import type { ImageId, TemplateId } from '../model/ids.ts';
import { LOGICAL_ID, type StackFacts } from './stack-plan.ts';

/**
 * Reads what planning needs to know of a stack. Group and template are looked up each time: a stack update replaces the
 * group, and its name changes (`WillReplace` in the Elastic CI stack).
 */
export async function readStack(account: Account, name: string, image: ImageId): Promise<StackFacts> {
  const [stack, template, groupName] = await Promise.all([
    account.stacks.find(name),
    account.stacks.resource(name, LOGICAL_ID.template),
    account.stacks.resource(name, LOGICAL_ID.group),
  ]);
  const templateId = template as TemplateId | undefined;
  const [group, candidates] = await Promise.all([
    groupName === undefined ? undefined : account.groups.find(groupName),
    templateId === undefined ? [] : account.templates.withImage(templateId, image),
  ]);
  const use = group !== undefined && 'use' in group.launch ? group.launch.use : undefined;
  const active = use === undefined ? undefined : await account.templates.version(use.template, use.version);
  return {
    name,
    candidates,
    ...(stack === undefined ? {} : { stack }),
    ...(templateId === undefined ? {} : { template: templateId }),
    ...(groupName === undefined ? {} : { groupName }),
    ...(group === undefined ? {} : { group }),
    ...(active === undefined ? {} : { active }),
  };
}
