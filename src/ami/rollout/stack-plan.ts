import type { Group, Stack } from '../model/account.ts';
import type { ImageId, TemplateId } from '../model/ids.ts';
import type { Launch } from '../model/launch.ts';
import { LAZY_DISK, withDisk, type WantedDisk } from '../model/disk.ts';
import type { JsonObject } from '../model/json.ts';
import { equalButForImage, type TemplateVersion } from '../model/template-version.ts';

/** Logical ids of the resources in the template of the Elastic CI stack. */
export const LOGICAL_ID = { template: 'AgentLaunchTemplate', group: 'AgentAutoScaleGroup' } as const;

/** What is known of a stack; what AWS did not have is absent. */
export interface StackFacts {
  readonly name: string;
  readonly stack?: Stack;
  /** Its launch template: as its group has it, and before the stack is changed as CloudFormation has it. */
  readonly template?: TemplateId;
  readonly groupName?: string;
  readonly group?: Group;
  /** The version that the group really uses. */
  readonly active?: TemplateVersion;
  /** The latest version; absent where it was not asked for. */
  readonly latest?: TemplateVersion;
  /** Versions of the template that carry the wanted image. */
  readonly candidates: readonly TemplateVersion[];
}

/** What brings a stack to the wanted image. */
export type StackPlan =
  | StackMove
  | { readonly stack: string; readonly action: 'refuse'; readonly code: string; readonly because: string };

/** A stack that can be moved, or is there already. */
export type StackMove = StackLaunch &
  (
    | { readonly action: 'nothing' }
    /** Take this version, which an earlier or interrupted run has made; or pin the active one, where the group follows a name. */
    | { readonly action: 'reuse'; readonly number: number }
    /** Make a version from the active one. */
    | { readonly action: 'create' }
  );

/** What a stack launches, and shall launch. */
export interface StackLaunch {
  readonly stack: string;
  readonly group: string;
  readonly launch: Launch;
  readonly active: TemplateVersion;
  readonly image: ImageId;
  /** The data of the version that it shall launch, but for the image and its snapshots. */
  readonly data: JsonObject;
}

/** Whether all that is wrong is that the group follows `$Latest` or `$Default`: whoever makes a version changes what is launched. */
export function onlyFollows(plan: StackPlan): boolean {
  return plan.action === 'reuse' && plan.number === plan.active.number;
}

/** What every version of a roll begins its description with, after the image. */
export const OWN_VERSION = 'by warmbake';

/**
 * The newest version of the template, where nobody launches it, no roll has made it, and a roll to `image` would not make the same: one by
 * hand, or of a stack update that failed. What it changes is in no version that a roll makes.
 */
export function foreignNewest(
  { active, latest }: Pick<StackFacts, 'active' | 'latest'>,
  image: ImageId,
): TemplateVersion | undefined {
  if (active === undefined || latest === undefined || latest.number <= active.number) return undefined;
  if (latest.description?.startsWith(`${latest.image} ${OWN_VERSION}`) === true) return undefined;
  const isSame = latest.image === image || latest.image === active.image;
  return isSame && equalButForImage(latest, active) ? undefined : latest;
}

/** Whether the stack launches the image, with whatever disk. */
export function launchesImage(plan: StackPlan): boolean {
  return plan.action !== 'refuse' && plan.active.image === plan.image;
}

/**
 * Decides how one stack gets to `image`, and to that disk. What counts is the version that its group uses: the latest version may be a leftover of
 * a failed stack update or of an interrupted run, and nothing may ever have been launched from it.
 */
export function planStack(facts: StackFacts, image: ImageId, disk: WantedDisk = LAZY_DISK): StackPlan {
  const { name, stack, template, groupName, group, active, candidates } = facts;
  const refuse = (code: string, because: string): StackPlan => ({
    stack: name,
    action: 'refuse',
    code,
    because,
  });

  if (stack === undefined) return refuse('stack-missing', `there is no stack '${name}'`);
  if (stack.status.endsWith('_IN_PROGRESS')) {
    return refuse(
      'stack-in-progress',
      `stack '${name}' is ${stack.status}; run this again when it has ended`,
    );
  }
  if (groupName === undefined) return refuse('group-missing', missingResource(name, LOGICAL_ID.group));
  if (group === undefined)
    return refuse('group-missing', `group '${groupName}' of stack '${name}' is not there`);

  const { launch } = group;
  if (launch.kind !== 'template' && launch.kind !== 'mixed') {
    return refuse('group-without-template', `group '${groupName}' launches from no launch template`);
  }
  if (template === undefined) return refuse('template-missing', missingResource(name, LOGICAL_ID.template));
  if (launch.use.template !== template) {
    return refuse(
      'group-elsewhere',
      `group '${groupName}' launches from ${launch.use.template}, not from the stack's ${template}`,
    );
  }
  if (launch.kind === 'mixed' && launch.overrides.length > 0) {
    return refuse(
      'group-overrides',
      `group '${groupName}' has overrides with a template or image of their own: they would not get the new image`,
    );
  }
  if (active === undefined) {
    return refuse(
      'version-missing',
      `version ${launch.use.version} of ${template}, in use by '${groupName}', is not there`,
    );
  }

  const data = withDisk(active, disk);
  const move = { stack: name, group: groupName, launch, active, image, data };
  const isIt = (version: TemplateVersion) => version.image === image && equalButForImage(version, { data });
  if (isIt(active)) {
    const isPinned = !launch.use.version.startsWith('$');
    return isPinned ? { ...move, action: 'nothing' } : { ...move, action: 'reuse', number: active.number };
  }
  const equal = candidates.filter(isIt);
  const newest = equal.reduce((number, version) => Math.max(number, version.number), 0);
  return newest === 0 ? { ...move, action: 'create' } : { ...move, action: 'reuse', number: newest };
}

function missingResource(stack: string, logicalId: string): string {
  return `stack '${stack}' has no resource ${logicalId}`;
}
