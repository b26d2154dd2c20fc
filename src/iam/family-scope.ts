import type { FamilySettings } from '../config/families.ts';
import type { Settings } from '../config/settings.ts';
import { TAG } from '../ami/model/tags.ts';
import { partitionOf } from '../platform/iam-policy.ts';

/** What a role about machine images is limited to. */
export interface FamilyScope {
  readonly settings: Settings;
  readonly family: FamilySettings;
  /** Account of the resources: 12 digits, or `*`. */
  readonly account: string;
  /** The state store as written; absent where there is none. */
  readonly state?: string;
  /** Ids of the stacks' launch templates; empty: any of the account. */
  readonly templates: readonly string[];
}

/** `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`. */
export function arnIn({ family, account }: FamilyScope, service: string, resource: string): string {
  return `arn:${partitionOf(family.region)}:${service}:${family.region}:${account}:${resource}`;
}

/** Images and snapshots have no account in their names. */
export function imageArns({ family }: FamilyScope): readonly string[] {
  const of = `arn:${partitionOf(family.region)}:ec2:${family.region}:`;
  return [`${of}:image/*`, `${of}:snapshot/*`];
}

/** The stacks' launch templates: by their ids where those were given, as they carry no tag that could tell them. */
export function templateArns(scope: FamilyScope): readonly string[] {
  const ids = scope.templates.length === 0 ? ['*'] : scope.templates;
  return ids.map((id) => arnIn(scope, 'ec2', `launch-template/${id}`));
}

/** On what carries the family's tag. */
export function taggedAs({ key }: FamilySettings) {
  return { [`aws:ResourceTag/${TAG.family}`]: key };
}

/** What is being made gets the family's tag with the request that makes it. */
export function taggedWhenMade({ key }: FamilySettings) {
  return { [`aws:RequestTag/${TAG.family}`]: key };
}

/** Tags of this tool and no others. */
export const OWN_TAG_KEYS = { 'ForAllValues:StringLike': { 'aws:TagKeys': 'warmbake:*' } };
