import { WarmbakeError } from '../../platform/errors.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { Account, Group } from '../model/account.ts';
import {
  currentVersion,
  latestVersion,
  versionsWithImage,
  type CurrentVersions,
} from '../model/current-versions.ts';
import type { ImageId, TemplateId } from '../model/ids.ts';
import { isTemplateDoubtful, useOf } from './doubtful-template.ts';
import { groupNameOf, stackFinder } from './find-stacks.ts';
import { LOGICAL_ID, type StackFacts } from './stack-plan.ts';

/** A stack, or why it could not be read. */
export type StackReading =
  | { readonly state: 'read'; readonly facts: StackFacts }
  | { readonly state: 'unreadable'; readonly name: string; readonly error: WarmbakeError };

/** Lookups at a time, for what no list tells. */
const AT_A_TIME = 25;

/**
 * Reads what planning needs to know of the stacks, with few requests for all of them: groups by their tags, the template that the group
 * launches from (CloudFormation is asked only where that may be another's), latest and default versions of all templates. Looked up each time: a stack update replaces the group, and its
 * name changes (`WillReplace` in the Elastic CI stack). One that cannot be read does not hide the others.
 */
export async function readStacks(
  account: Account,
  names: readonly string[],
  image: ImageId,
): Promise<readonly StackReading[]> {
  const unreadable = (name: string, error: unknown): StackReading => {
    if (!(error instanceof WarmbakeError)) throw error;
    return { state: 'unreadable', name, error };
  };
  try {
    const [groups, current, find] = await Promise.all([
      account.groups.list(),
      account.templates.current(),
      stackFinder(account, names),
    ]);
    const readOne = async (name: string): Promise<StackReading> => {
      try {
        const [stack, groupName] = await Promise.all([find(name), groupNameOf(account, groups, name)]);
        const group = groups.find((one) => one.name === groupName);
        const [launch, own] = await Promise.all([
          launchFacts(account, current, { group, image }),
          isTemplateDoubtful(name, { group, groups, current })
            ? account.stacks.resource(name, LOGICAL_ID.template)
            : useOf(group)?.template,
        ]);
        const facts = {
          name,
          ...(stack === undefined ? {} : { stack }),
          ...launch,
          ...(own === undefined ? {} : { template: own as TemplateId }),
        };
        return { state: 'read', facts: { ...facts, ...(groupName === undefined ? {} : { groupName }) } };
      } catch (error) {
        return unreadable(name, error);
      }
    };
    return await inParallel(names, readOne, { limit: AT_A_TIME });
  } catch (error) {
    return names.map((name) => unreadable(name, error));
  }
}

/**
 * The same stack once more, right before it is changed: whether it is being updated, what its group launches now, and whether the template
 * is its own. Versions never change: those known from the first reading are not asked for again.
 */
export async function readStackAgain(
  account: Account,
  { candidates: before, ...known }: StackFacts,
  image: ImageId,
): Promise<StackFacts> {
  const { name, groupName } = known;
  const [stack, template, group] = await Promise.all([
    account.stacks.find(name),
    account.stacks.resource(name, LOGICAL_ID.template),
    groupName === undefined ? undefined : account.groups.find(groupName),
  ]);
  const use = useOf(group);
  const { active: was } = known;
  const isAsBefore = was !== undefined && use?.template === was.template && use.version === `${was.number}`;
  // What launches the image already moves for the sake of its disk, and its candidates have not been asked for.
  const others =
    isAsBefore && was.image === image ? await account.templates.withImage(was.template, image) : before;
  const { active, candidates } = isAsBefore
    ? { active: was, candidates: others }
    : await launchFacts(account, [], { group, image });
  return {
    name,
    candidates,
    ...(groupName === undefined ? {} : { groupName }),
    ...(stack === undefined ? {} : { stack }),
    ...(template === undefined ? {} : { template: template as TemplateId }),
    ...(group === undefined ? {} : { group }),
    ...(active === undefined ? {} : { active }),
  };
}

async function launchFacts(
  account: Account,
  current: CurrentVersions,
  { group, image }: { readonly group: Group | undefined; readonly image: ImageId },
): Promise<Pick<StackFacts, 'group' | 'active' | 'latest' | 'candidates'>> {
  const use = useOf(group);
  if (group === undefined || use === undefined)
    return { candidates: [], ...(group === undefined ? {} : { group }) };
  const { template } = use;
  const active = currentVersion(current, use) ?? (await account.templates.version(template, use.version));
  const latest = latestVersion(current, template);
  // What launches it already needs no other version.
  const candidates =
    active?.image === image
      ? []
      : (versionsWithImage(current, { template, image }) ??
        (await account.templates.withImage(template, image)));
  return {
    group,
    candidates,
    ...(active === undefined ? {} : { active }),
    ...(latest === undefined ? {} : { latest }),
  };
}
