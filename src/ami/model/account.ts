import type { LaunchPermissions } from '../../config/families.ts';
import type { ImageId, InstanceId, SnapshotId, TemplateId } from './ids.ts';
import type { GroupLaunch, Launch } from './launch.ts';
import type { MachineImage } from './machine-image.ts';
import type { Tags } from './tags.ts';
import type { TemplateVersion, VersionName, VersionRequest } from './template-version.ts';

/**
 * One AWS account in one region, as far as the AMI jobs see and change it.
 *
 * Absence is `undefined`; a refusal or an outage is a `WarmbakeError` of kind `outside`. A list is complete, all pages of
 * it, or an error. Every method that changes something is one AWS request. Reads may be a little behind
 * writes, as AWS's are.
 */
export interface Account {
  readonly identity: Identity;
  readonly images: Images;
  readonly snapshots: Snapshots;
  readonly fastRestores: FastRestores;
  readonly tagging: Tagging;
  readonly templates: Templates;
  readonly groups: Groups;
  readonly fleets: Fleets;
  readonly instances: Instances;
  readonly stacks: Stacks;
  readonly parameters: Parameters;
}

/** Who is asking. */
export interface Identity {
  /** The account, 12 digits, and the caller's ARN. */
  caller(): Promise<Caller>;
}

export interface Caller {
  readonly account: string;
  readonly arn: string;
}

/** Machine images. */
export interface Images {
  /** Own images in any state whose name begins with `prefix`. */
  list(prefix: string): Promise<readonly MachineImage[]>;
  /** An image that this account can see, whoever owns it; `undefined` also where it has been deregistered. */
  find(id: ImageId): Promise<MachineImage | undefined>;
  /** Who may launch it besides its own account; `all` among the accounts where everybody may. */
  sharedWith(id: ImageId): Promise<LaunchPermissions>;
  /** One that is gone already is fine. */
  deregister(id: ImageId): Promise<void>;
}

/** Snapshots of volumes. */
export interface Snapshots {
  /** Own snapshots with this tag. */
  tagged(key: string, value: string): Promise<readonly Snapshot[]>;
  /** `in-use`: an image still refers to it, and EC2 has kept it. */
  remove(id: SnapshotId): Promise<'removed' | 'absent' | 'in-use'>;
}

export interface Snapshot {
  readonly id: SnapshotId;
  readonly startedAt: Date;
  /** What EC2 or who made it wrote. */
  readonly description: string;
  readonly tags: Tags;
}

/** Fast snapshot restore: volumes that are made of a snapshot in a zone come with all their blocks, as far as credits reach. */
export interface FastRestores {
  /** What EC2 knows of these snapshots, zone by zone. */
  list(snapshots: readonly SnapshotId[]): Promise<readonly FastRestore[]>;
  /** Where it is on already it stays on. Throws `outside` also where EC2 did only some of it. */
  enable(snapshots: readonly SnapshotId[], zones: readonly string[]): Promise<void>;
  /** Like {@link FastRestores.enable}. */
  disable(snapshots: readonly SnapshotId[], zones: readonly string[]): Promise<void>;
}

export interface FastRestore {
  readonly snapshot: SnapshotId;
  readonly zone: string;
  /** `enabling`, `optimizing`, `enabled`, `disabling` or `disabled`. */
  readonly state: string;
}

/** Tags of images and snapshots. */
export interface Tagging {
  set(resources: readonly (ImageId | SnapshotId)[], tags: Tags): Promise<void>;
  clear(resources: readonly (ImageId | SnapshotId)[], keys: readonly string[]): Promise<void>;
}

/** Launch templates. */
export interface Templates {
  version(template: TemplateId, version: VersionName): Promise<TemplateVersion | undefined>;
  /** All versions of a template that carry the image. */
  withImage(template: TemplateId, image: ImageId): Promise<readonly TemplateVersion[]>;
  /** All versions of a template. */
  all(template: TemplateId): Promise<readonly TemplateVersion[]>;
  /** The latest and the default version of every template there is. */
  current(): Promise<readonly TemplateVersion[]>;
  /** Makes a version; a repetition of the same request gives the version that is there already. */
  create(request: VersionRequest): Promise<TemplateVersion>;
}

/** Auto Scaling groups. */
export interface Groups {
  list(): Promise<readonly Group[]>;
  find(name: string): Promise<Group | undefined>;
  /** Changes what later instances are launched from; those that run are left alone. */
  relaunch(name: string, launch: Launch): Promise<void>;
  /** Ends an instance as its group does when it needs fewer, and has another one launched; `gone`: it is none of a group's any more. */
  drain(instance: InstanceId): Promise<'draining' | 'gone'>;
  /** What the group did since `since`, newest first. */
  activities(name: string, since: Date): Promise<readonly Activity[]>;
  /** All launch configurations, the predecessors of templates, used or not. */
  configurations(): Promise<readonly LaunchConfiguration[]>;
  /** What instance refreshes that are under way in a group bring. */
  refreshes(name: string): Promise<readonly GroupLaunch[]>;
}

export interface LaunchConfiguration {
  readonly name: string;
  readonly image: string;
}

/** EC2 fleets, spot fleets and spot requests: what launches instances without a group. */
export interface Fleets {
  /** Those that may still launch. */
  list(): Promise<readonly LaunchingFleet[]>;
}

export interface LaunchingFleet {
  readonly id: string;
  /** Templates by id or by name. */
  readonly uses: readonly { readonly template: string; readonly version: VersionName }[];
  /** Named beside templates, or in their place. */
  readonly images: readonly string[];
}

export interface Group {
  readonly name: string;
  readonly launch: GroupLaunch;
  /** Its instances that are in service; absent where there are none. */
  readonly inService?: readonly InstanceId[];
  /** Availability zones that it launches in; absent where it does not say. */
  readonly zones?: readonly string[];
  /** The CloudFormation stack that it is a resource of, as its tags say; absent where they do not. */
  readonly stack?: StackMember;
}

/** What CloudFormation writes on what it makes (CloudFormation user guide, "Resource tag"); nobody else can (`aws:`). */
export interface StackMember {
  readonly name: string;
  readonly logicalId: string;
}

/** One scaling activity: a launch or a termination. */
export interface Activity {
  readonly startedAt: Date;
  /** `Successful`, `Failed`, `Cancelled`, or on its way. */
  readonly status: string;
  /** `Launching a new EC2 instance: i-…`. */
  readonly description: string;
  /** Why it was started, in Auto Scaling's words. */
  readonly cause: string;
  /** Why it failed. */
  readonly message: string;
}

/** EC2 instances. */
export interface Instances {
  /** All instances of the region that are not terminated. */
  list(): Promise<readonly Instance[]>;
}

export interface Instance {
  readonly id: InstanceId;
  readonly image: ImageId;
  /** `pending`, `running`, `shutting-down`, `stopping` or `stopped`. */
  readonly state: string;
  readonly launchedAt: Date;
  /** Auto Scaling group that launched it. */
  readonly group?: string;
}

/** CloudFormation stacks. */
export interface Stacks {
  find(name: string): Promise<Stack | undefined>;
  /** All stacks of the region, whoever made them. */
  list(): Promise<readonly NamedStack[]>;
  /** Physical id of a resource; `undefined` where the stack has none of that logical id. */
  resource(stack: string, logicalId: string): Promise<string | undefined>;
}

export interface Stack {
  /** `UPDATE_COMPLETE`, `UPDATE_IN_PROGRESS`, … */
  readonly status: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** What parameters of SSM, named by the stack's, said at its last operation; absent where none is. */
  readonly resolved?: readonly string[];
}

export interface NamedStack extends Stack {
  readonly name: string;
}

/** SSM parameters of type String. */
export interface Parameters {
  /** `name` may carry `:VERSION` or `:LABEL`. */
  get(name: string): Promise<Parameter | undefined>;
  /** Makes or overwrites it; the answer is the new version. */
  put(name: string, value: string): Promise<number>;
  /** All versions that SSM still has, newest first. */
  history(name: string): Promise<readonly PastParameter[]>;
  /**
   * Those of all parameters whose values hold ids of images. Encrypted ones are not read, nor texts that these credentials may not
   * read; one that SSM itself knows as an image (data type `aws:ec2:image`) must be readable.
   */
  namingImages(): Promise<readonly NamingParameter[]>;
}

export interface NamingParameter {
  readonly name: string;
  readonly images: readonly ImageId[];
}

export interface Parameter {
  readonly value: string;
  readonly version: number;
  /** When it was written; absent where SSM does not say. */
  readonly modifiedAt?: Date;
}

export interface PastParameter extends Parameter {
  readonly modifiedAt: Date;
  /** ARN of who wrote it. */
  readonly modifiedBy: string;
  readonly labels: readonly string[];
}
