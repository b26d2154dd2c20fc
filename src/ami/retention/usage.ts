import { oneLine } from '../../platform/outside-text.ts';
import type { Group, Instance } from '../model/account.ts';
import type { DesiredState } from '../model/desired.ts';
import { parseImageId, type ImageId, type SnapshotId } from '../model/ids.ts';
import { usesOf, type TemplateUse } from '../model/launch.ts';
import { snapshotsOf, type TemplateVersion } from '../model/template-version.ts';

/** What uses images and snapshots. Incomplete where anything could not be read: then nothing may be deleted. */
export type Usage =
  | {
      readonly complete: true;
      /** Phrases by image: `desired`, `group x, version 7 of lt-…`, `instance i-… (running)`. */
      readonly images: ReadonlyMap<ImageId, readonly string[]>;
      readonly snapshots: ReadonlySet<SnapshotId>;
      /** Everything that was looked at: groups, versions and instances. */
      readonly seen: ReadonlySet<string>;
    }
  | { readonly complete: false; readonly missing: readonly string[] };

/** Everything that can refer to an image, in this account and region. */
export interface UsageFacts {
  readonly desiredState: DesiredState;
  readonly groups: readonly Group[];
  /** The group of each stack of the family; absent where the stack names none. */
  readonly stackGroups: readonly { readonly stack: string; readonly group: string | undefined }[];
  /** Latest and default versions of all templates. */
  readonly currentVersions: readonly TemplateVersion[];
  /** Versions that groups use, their overrides included. */
  readonly usedVersions: readonly UsedVersion[];
  /** Images of launch configurations by name. */
  readonly configurations: ReadonlyMap<string, string | undefined>;
  /** Images behind `resolve:ssm:…`, by that text; none where the parameter names none. */
  readonly resolved: ReadonlyMap<string, readonly ImageId[]>;
  readonly instances: readonly Instance[];
  /** Images of rollouts that are under way. */
  readonly rollouts: readonly ImageId[];
}

/** A version as a group uses it; absent where AWS has none. */
export interface UsedVersion {
  readonly group: string;
  readonly use: TemplateUse;
  readonly version: TemplateVersion | undefined;
}

/** Every template version that groups may launch. */
export function usesOfGroups(
  groups: readonly Group[],
): readonly { readonly group: string; readonly use: TemplateUse }[] {
  return groups.flatMap(({ name, launch }) =>
    launch.kind === 'template' || launch.kind === 'mixed'
      ? usesOf(launch).map((use) => ({ group: name, use }))
      : [],
  );
}

/** Says for every image who uses it. Whatever cannot be told makes the answer incomplete. */
export function usageOf(inventory: UsageFacts): Usage {
  const images = new Map<ImageId, string[]>();
  const snapshots = new Set<SnapshotId>();
  const missing: string[] = [];

  const use = (image: ImageId, by: string): void => {
    images.set(image, [...(images.get(image) ?? []), by]);
  };
  const useWritten = (image: string | undefined, by: string): void => {
    if (image === undefined) return;
    const id = parseImageId(image);
    // What resolves to no image launches none.
    const ids = inventory.resolved.get(image) ?? (id === undefined ? undefined : [id]);
    if (ids === undefined) missing.push(`what '${image}' is, used by ${by}`);
    else for (const found of ids) use(found, by);
  };
  const useVersion = (version: TemplateVersion, by: string): void => {
    useWritten(version.image, by);
    for (const snapshot of snapshotsOf(version)) snapshots.add(snapshot);
  };

  const { desired, hold } = inventory.desiredState;
  if (desired.state === 'image') use(desired.id, 'desired');
  if (desired.state === 'unusable')
    missing.push(oneLine(`which image is desired: '${desired.text}' is no id`));
  if (hold.state === 'held' && hold.hold.image !== undefined) use(hold.hold.image, 'held');
  if (hold.state === 'unreadable') missing.push('which image is held');
  for (const image of inventory.rollouts) use(image, 'a rollout is under way');

  const groups = new Set(inventory.groups.map(({ name }) => name));
  for (const { stack, group } of inventory.stackGroups) {
    if (group === undefined) missing.push(`the group of stack ${stack}`);
    else if (!groups.has(group)) missing.push(`group ${group} of stack ${stack}`);
  }
  for (const { name, launch } of inventory.groups) {
    if (launch.kind === 'unknown') missing.push(`what group ${name} launches`);
    if (launch.kind === 'configuration') {
      const image = inventory.configurations.get(launch.name);
      if (image === undefined) missing.push(`launch configuration ${launch.name} of group ${name}`);
      useWritten(image, `group ${name}`);
    }
    if (launch.kind === 'mixed') {
      for (const { image } of launch.overrides) useWritten(image, `an override of group ${name}`);
    }
  }
  for (const { group, use: used, version } of inventory.usedVersions) {
    const what = `version ${used.version} of ${used.template}`;
    if (version === undefined) missing.push(`${what}, used by group ${group}`);
    else useVersion(version, `group ${group}, ${what}`);
  }
  for (const version of inventory.currentVersions) {
    useVersion(version, `${version.isDefault ? 'default' : 'latest'} version of ${version.template}`);
  }
  for (const { image, id, state } of inventory.instances) use(image, `instance ${id} (${state})`);
  const instances = new Set(inventory.instances.map(({ id }) => id));
  for (const { name, inService = [] } of inventory.groups) {
    for (const id of inService) if (!instances.has(id)) missing.push(`instance ${id} of group ${name}`);
  }

  const seen = seenIn(inventory);
  return missing.length === 0 ? { complete: true, images, snapshots, seen } : { complete: false, missing };
}

function seenIn({ groups, currentVersions, instances }: UsageFacts): ReadonlySet<string> {
  return new Set([
    ...groups.map(({ name }) => `group ${name}`),
    ...currentVersions.map(({ template }) => template),
    ...instances.map(({ id }) => id),
  ]);
}

/** Whether something that was there before is not there any more. */
export function hasShrunk(now: Usage, before: Usage): boolean {
  return now.complete && before.complete && [...before.seen].some((what) => !now.seen.has(what));
}

/** What either of two readings says is used; incomplete where the later one is. */
export function usageInEither(earlier: Usage, later: Usage): Usage {
  if (!earlier.complete || !later.complete) return later;
  const images = new Map(earlier.images);
  for (const [image, by] of later.images)
    images.set(image, [...new Set([...(images.get(image) ?? []), ...by])]);
  return { ...later, images, snapshots: new Set([...earlier.snapshots, ...later.snapshots]) };
}
