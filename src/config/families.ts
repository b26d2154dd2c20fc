import { milliseconds } from './duration.ts';
import type { Configuration } from './schema.ts';

/** One family of machine images: those that share a name, a parameter and stacks. */
export interface FamilySettings {
  /** Its key in the configuration, and the value of its tag. */
  readonly key: string;
  /** What the names of its images begin with. */
  readonly name: string;
  readonly region: string;
  /** SSM parameter that holds the desired image; `<parameter>/hold` holds the hold. */
  readonly parameter: string;
  /** SSM parameters with the network that images are built in. */
  readonly network: { readonly securityGroup: string; readonly subnet: string };
  /** KMS key of its snapshots; absent: the account's default decides. */
  readonly encryptionKey?: string;
  /** Who else may launch it. */
  readonly shareWith: LaunchPermissions;
  /** Buildkite teams that may answer the rollback pipeline; none: everybody who may run it. */
  readonly rollbackTeams: readonly string[];
  /** Version of the Elastic CI stack whose image it is based on. */
  readonly baseStack: string;
  readonly warm: {
    /** Bake target that must be warm: the probe judges by it. What its build made beside it is warmed as well. */
    readonly target: string;
    /** Key of the pipeline step that built that target. */
    readonly step: string;
    /** The smallest store that counts as warm. */
    readonly minimumBytes: number;
    /** A step of the warm build that runs longer means that the cache was missed. */
    readonly longestStepMs: number;
  };
  /** CloudFormation stacks that run it, in the order of the roll. */
  readonly stacks: readonly string[];
  /** Absent where a new image goes to all stacks at once. */
  readonly canary?: CanarySettings;
  /** How long agents that are drained usually need; absent where nobody said so. */
  readonly usualDrainMs?: number;
  readonly keep: RetentionSettings;
  /** How disks of instances come by the blocks of the image. */
  readonly disk: DiskSettings;
  /** What things cost where it is; absent where nobody has said. */
  readonly prices?: Prices;
  /** Buildkite queue of the jobs about it; absent where no pipeline is written. */
  readonly queue?: string;
  /** Age of the desired image that raises the alarm; absent where there is none. */
  readonly maximumAgeMs?: number;
  /** Who hears of a failed job: entries of Buildkite's `notify`. */
  readonly notify: readonly Readonly<Record<string, string>>[];
}

/** Who besides its own account may launch an image. */
export interface LaunchPermissions {
  /** 12 digits each. */
  readonly accounts: readonly string[];
  /** ARNs of organizations and of their units. */
  readonly organizations: readonly string[];
}

/** The stack that tries a new image first. */
export interface CanarySettings {
  readonly stack: string;
  /** How long it is watched from a command line; 0 skips the watch. */
  readonly watchMs: number;
  /** Whether the rollout stops where nothing has proved the image. */
  readonly requireProof: boolean;
}

/**
 * A volume made from a snapshot reads each block from S3 when it is first asked for: `lazy` leaves it so. `rate`: EC2 loads all of them
 * at so many MiB/s (100 to 300) as soon as the volume is there. `restore`: snapshots are prepared so that volumes come with their blocks
 * (fast snapshot restore).
 */
export type DiskSettings =
  | { readonly kind: 'lazy' }
  | { readonly kind: 'rate'; readonly mebibytes: number }
  | { readonly kind: 'restore' };

/** What things cost, in one currency; a part that is absent counts as nothing. */
export interface Prices {
  readonly currency: string;
  /** A GiB in snapshots, for a month. */
  readonly snapshotGibMonth?: number;
  /** An hour of fast restore of one snapshot in one zone. */
  readonly restoreHour?: number;
  /** An hour of the instance that an image is made on. */
  readonly builderHour?: number;
}

/** What stays besides what is in use. */
export interface RetentionSettings {
  /** How many published images older than `minimumAgeMs` stay. */
  readonly newest: number;
  /** Younger images stay, whatever they are. */
  readonly minimumAgeMs: number;
  /** How many images one run deletes at most. */
  readonly deletePerRun: number;
}

type WrittenFamily = NonNullable<Configuration['ami']>[string];

/** The families of a file that the schema and the rules have nothing to say about. */
export function familiesOf(ami: Configuration['ami']): readonly FamilySettings[] {
  return Object.entries(ami ?? {}).map(([key, written]) => familySettings(key, written));
}

function familySettings(key: string, written: WrittenFamily): FamilySettings {
  const { name, region, parameter, network, baseStack, warm, stacks, canary, keep, queue, alarm } = written;
  const { encryption, shareWith, rollbackTeams, disk, prices, usualDrain } = written;
  return {
    key,
    name,
    region,
    parameter,
    network,
    ...(encryption === undefined ? {} : { encryptionKey: encryption.key }),
    shareWith,
    rollbackTeams,
    baseStack,
    warm: {
      target: warm.target,
      step: warm.step,
      minimumBytes: bytes(warm.minimumBytes),
      longestStepMs: milliseconds(warm.longestStep),
    },
    stacks,
    ...(canary === undefined
      ? {}
      : {
          canary: {
            stack: canary.stack,
            watchMs: milliseconds(canary.watch),
            requireProof: canary.requireProof,
          },
        }),
    ...(usualDrain === undefined ? {} : { usualDrainMs: milliseconds(usualDrain) }),
    keep: {
      newest: keep.newest,
      minimumAgeMs: milliseconds(keep.minimumAge),
      deletePerRun: keep.deletePerRun,
    },
    disk: typeof disk === 'string' ? { kind: disk } : { kind: 'rate', mebibytes: disk.rate },
    ...(prices === undefined ? {} : { prices }),
    ...(queue === undefined ? {} : { queue }),
    ...(alarm === undefined ? {} : { maximumAgeMs: milliseconds(alarm.maximumAge) }),
    notify: alarm?.notify ?? [],
  };
}

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** Bytes of a size of the form `20GB`. */
function bytes(size: string): number {
  return Math.round(Number.parseFloat(size) * (UNIT_BYTES[/[KMGT]/.exec(size)?.[0] ?? ''] ?? Number.NaN));
}
