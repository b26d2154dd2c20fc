import { WarmbakeError } from '../../platform/errors.ts';
import type { Account, Group, Stack } from '../model/account.ts';
import { LISTED_FROM } from '../model/listed-stacks.ts';
import { LOGICAL_ID } from './stack-plan.ts';

/**
 * A way to find each of the stacks `names`: few are asked for by name, many with the list of all stacks. What is not in that list is
 * asked for by name all the same, and so are all where the list is not allowed.
 */
export async function stackFinder(
  account: Account,
  names: readonly string[],
): Promise<(name: string) => Promise<Stack | undefined>> {
  if (names.length < LISTED_FROM) return async (name) => await account.stacks.find(name);
  const listed = await account.stacks.list().catch((error: unknown) => {
    if (error instanceof WarmbakeError && error.code === 'aws-denied') return [];
    throw error;
  });
  const known = new Map(listed.map((stack) => [stack.name, stack]));
  return async (name) => known.get(name) ?? (await account.stacks.find(name));
}

/**
 * Name of a stack's group: as the groups' tags say, or CloudFormation where none says so, or two do (a stack update keeps the old group
 * until it is done). `undefined` where the stack has none.
 */
export async function groupNameOf(
  account: Account,
  groups: readonly Group[],
  stack: string,
): Promise<string | undefined> {
  const own = groups.filter(
    (group) => group.stack?.name === stack && group.stack.logicalId === LOGICAL_ID.group,
  );
  const [one, ...others] = own;
  if (one !== undefined && others.length === 0) return one.name;
  return await account.stacks.resource(stack, LOGICAL_ID.group);
}
