import type { LaunchPermissions } from '../../../src/config/families.ts';
import type {
  Activity,
  Group,
  Instance,
  LaunchingFleet,
  PastParameter,
  Snapshot,
  Stack,
} from '../../../src/ami/model/account.ts';
import type { ImageId, InstanceId, SnapshotId, TemplateId } from '../../../src/ami/model/ids.ts';
import type { GroupLaunch } from '../../../src/ami/model/launch.ts';
import type { MachineImage } from '../../../src/ami/model/machine-image.ts';
import type { TemplateVersion } from '../../../src/ami/model/template-version.ts';

/** Everything there is in the account. Values are replaced, never changed in place. */
export interface State {
  readonly images: Map<ImageId, MachineImage>;
  readonly snapshots: Map<SnapshotId, Snapshot>;
  /** Fast restore, by snapshot and zone: since when it is on. */
  readonly restores: Map<string, FakeRestore>;
  readonly templates: Map<TemplateId, readonly TemplateVersion[]>;
  /** Version made by each client token. */
  readonly tokens: Map<string, number>;
  readonly groups: Map<string, Group>;
  readonly activities: Map<string, readonly Activity[]>;
  /** Image of each launch configuration. */
  readonly configurations: Map<string, string>;
  /** What instance refreshes that are under way bring, by group. */
  readonly refreshes: Map<string, readonly GroupLaunch[]>;
  readonly fleets: Map<string, LaunchingFleet>;
  /** Who may launch an image besides its account. */
  readonly shared: Map<ImageId, LaunchPermissions>;
  readonly instances: Map<InstanceId, Instance>;
  readonly stacks: Map<string, FakeStack>;
  readonly parameters: Map<string, readonly PastParameter[]>;
}

export interface FakeRestore {
  readonly snapshot: SnapshotId;
  readonly zone: string;
  readonly since: Date;
}

export interface FakeStack extends Stack {
  /** Physical ids by logical id. */
  readonly resources: Readonly<Record<string, string>>;
}

export function emptyState(): State {
  return {
    images: new Map(),
    snapshots: new Map(),
    restores: new Map(),
    templates: new Map(),
    tokens: new Map(),
    groups: new Map(),
    activities: new Map(),
    configurations: new Map(),
    refreshes: new Map(),
    fleets: new Map(),
    shared: new Map(),
    instances: new Map(),
    stacks: new Map(),
    parameters: new Map(),
  };
}

/** A copy that later changes do not reach. */
export function copyOf(state: State): State {
  return Object.fromEntries(
    Object.entries(state).map(([key, map]) => [key, new Map(map)]),
  ) as unknown as State;
}
