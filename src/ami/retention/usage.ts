import { oneLine } from '../../platform/outside-text.ts';
import type {
  Group,
  Instance,
  LaunchConfiguration,
  LaunchingFleet,
  NamingParameter,
  PastParameter,
  Stack,
} from '../model/account.ts';
import type { DesiredState } from '../model/desired.ts';
import { imageIdsIn, parseImageId, type ImageId, type SnapshotId, type TemplateId } from '../model/ids.ts';
import { usesOf } from '../model/launch.ts';
import { snapshotsOf, type TemplateVersion, type VersionName } from '../model/template-version.ts';

/** What uses images and snapshots. Incomplete where anything could not be read: then nothing may be deleted. */
export type Usage =
  | {
      readonly complete: true;
      /** Phrases by image: `desired`, `group x, version 7 of lt-…`, `instance i-… (running)`. */
      readonly images: ReadonlyMap<ImageId, readonly string[]>;
      readonly snapshots: ReadonlySet<SnapshotId>;
      /** What it was told from. */
      readonly facts: UsageFacts;
    }
  | { readonly complete: false; readonly missing: readonly string[] };

/** Everything that can refer to an image, in this account and region. */
export interface UsageFacts {
  readonly desiredState: DesiredState;
  readonly groups: readonly Group[];
  /** The stacks of the family. */
  readonly stacks: readonly StackUse[];
  /** Latest and default versions of all templates. */
  readonly currentVersions: readonly TemplateVersion[];
  /** Versions that groups, their overrides, refreshes and fleets use. */
  readonly usedVersions: readonly UsedVersion[];
  /** All other versions of templates that are not those of the family's stacks. */
  readonly otherVersions: readonly OtherVersions[];
  /** All there are, used or not. */
  readonly configurations: readonly LaunchConfiguration[];
  /** What instance refreshes bring that are under way. */
  readonly refreshes: readonly Group[];
  readonly fleets: readonly LaunchingFleet[];
  /** Parameters that name images, but for the family's own. */
  readonly parameters: readonly NamingParameter[];
  /** Labelled versions of the family's own parameter. */
  readonly labelled: readonly PastParameter[];
  /** Images behind `resolve:ssm:…`, by that text; none where the parameter names none. */
  readonly resolved: ReadonlyMap<string, readonly ImageId[]>;
  readonly instances: readonly Instance[];
  /** Images of rollouts that are under way. */
  readonly rollouts: readonly ImageId[];
}

/** A stack of the family, as CloudFormation knows it. */
export interface StackUse {
  readonly stack: string;
  /** Absent where the stack names none. */
  readonly group: string | undefined;
  /** Absent where there is no such stack. */
  readonly found: Stack | undefined;
}

/** A version as something uses it; absent where AWS has none. */
export interface UsedVersion {
  /** `group x`, `fleet fleet-…`. */
  readonly by: string;
  readonly use: { readonly template: string; readonly version: VersionName };
  readonly version: TemplateVersion | undefined;
}

/** All versions of a template, as they were when it had so many. */
export interface OtherVersions {
  readonly template: TemplateId;
  readonly latest: number;
  readonly versions: readonly TemplateVersion[];
}

/** Every template version that groups, their refreshes or fleets may launch. */
export function usesIn({
  groups,
  refreshes,
  fleets,
}: Pick<UsageFacts, 'groups' | 'refreshes' | 'fleets'>): readonly Pick<UsedVersion, 'by' | 'use'>[] {
  const uses = ({ launch }: Group) =>
    launch.kind === 'template' || launch.kind === 'mixed' ? usesOf(launch) : [];
  return [
    ...groups.flatMap((group) => uses(group).map((use) => ({ by: `group ${group.name}`, use }))),
    ...refreshes.flatMap((group) =>
      uses(group).map((use) => ({ by: `a refresh of group ${group.name}`, use })),
    ),
    ...fleets.flatMap(({ id, uses: all }) => all.map((use) => ({ by: `fleet ${id}`, use }))),
  ];
}

/** Images as overrides and fleets name them, beside templates. */
export function writtenImagesIn({
  groups,
  refreshes,
  fleets,
}: Pick<UsageFacts, 'groups' | 'refreshes' | 'fleets'>): readonly {
  readonly by: string;
  readonly image: string;
}[] {
  const written = ({ launch }: Group) =>
    launch.kind === 'mixed' ? launch.overrides.flatMap(({ image }) => image ?? []) : [];
  return [
    ...groups.flatMap((group) =>
      written(group).map((image) => ({ by: `an override of group ${group.name}`, image })),
    ),
    ...refreshes.flatMap((group) =>
      written(group).map((image) => ({ by: `a refresh of group ${group.name}`, image })),
    ),
    ...fleets.flatMap(({ id, images }) => images.map((image) => ({ by: `fleet ${id}`, image }))),
  ];
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

  for (const { version, labels, value } of inventory.labelled) {
    for (const image of imageIdsIn(value))
      use(image, `version ${version} of the parameter, labelled ${labels.join(', ')}`);
  }
  for (const { name, images: named } of inventory.parameters)
    for (const image of named) use(image, `parameter ${name}`);

  const groups = new Set(inventory.groups.map(({ name }) => name));
  for (const { stack, group, found } of inventory.stacks) {
    if (group === undefined) missing.push(`the group of stack ${stack}`);
    else if (!groups.has(group)) missing.push(`group ${group} of stack ${stack}`);
    for (const [key, value] of Object.entries(found?.parameters ?? {}))
      for (const image of imageIdsIn(value)) use(image, `parameter ${key} of stack ${stack}`);
    for (const image of (found?.resolved ?? []).flatMap(imageIdsIn))
      use(image, `a parameter of stack ${stack}`);
  }
  const configurations = new Set(inventory.configurations.map(({ name }) => name));
  for (const { name, launch } of [...inventory.groups, ...inventory.refreshes]) {
    if (launch.kind === 'unknown') missing.push(`what group ${name} launches`);
    if (launch.kind === 'configuration' && !configurations.has(launch.name))
      missing.push(`launch configuration ${launch.name} of group ${name}`);
  }
  for (const { name, image } of inventory.configurations) useWritten(image, `launch configuration ${name}`);
  for (const { by, image } of writtenImagesIn(inventory)) useWritten(image, by);
  for (const { by, use: used, version } of inventory.usedVersions) {
    const what = `version ${used.version} of ${used.template}`;
    if (version === undefined) missing.push(`${what}, used by ${by}`);
    else useVersion(version, `${by}, ${what}`);
  }
  for (const version of inventory.currentVersions) {
    useVersion(version, `${version.isDefault ? 'default' : 'latest'} version of ${version.template}`);
  }
  for (const { image, id, state } of inventory.instances) use(image, `instance ${id} (${state})`);
  const instances = new Set(inventory.instances.map(({ id }) => id));
  for (const { name, inService = [] } of inventory.groups) {
    for (const id of inService) if (!instances.has(id)) missing.push(`instance ${id} of group ${name}`);
  }

  for (const version of inventory.otherVersions.flatMap(({ versions }) => versions))
    useVersion(version, `version ${version.number} of ${version.template}`);

  return missing.length === 0
    ? { complete: true, images, snapshots, facts: inventory }
    : { complete: false, missing };
}

function seenIn(facts: UsageFacts): readonly string[] {
  return [
    ...facts.groups.map(({ name }) => `group ${name}`),
    ...facts.configurations.map(({ name }) => `configuration ${name}`),
    ...facts.currentVersions.map(({ template }) => template),
    ...facts.instances.map(({ id }) => id),
    ...facts.fleets.map(({ id }) => id),
    ...facts.parameters.map(({ name }) => name),
  ];
}

/** Whether something that was there before is not there any more. */
export function hasShrunk(now: Usage, before: Usage): boolean {
  if (!now.complete || !before.complete) return false;
  const seen = new Set(seenIn(now.facts));
  return seenIn(before.facts).some((what) => !seen.has(what));
}

/** What either of two readings says is used; incomplete where the later one is. */
export function usageInEither(earlier: Usage, later: Usage): Usage {
  if (!earlier.complete || !later.complete) return later;
  const images = new Map(earlier.images);
  for (const [image, by] of later.images)
    images.set(image, [...new Set([...(images.get(image) ?? []), ...by])]);
  return { ...later, images, snapshots: new Set([...earlier.snapshots, ...later.snapshots]) };
}
