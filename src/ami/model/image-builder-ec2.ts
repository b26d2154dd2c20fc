import type { LaunchPermissions } from '../../config/families.ts';
import type { ImageId } from './ids.ts';

/** EC2 as the place where images are made; what it has in common with other jobs is in `Account`. */
export interface ImageBuilderEc2 {
  /** VPC of a security group; `undefined` where there is no such group. */
  vpcOfSecurityGroup(id: string): Promise<string | undefined>;
  /** VPC of a subnet; `undefined` where there is no such subnet. */
  vpcOfSubnet(id: string): Promise<string | undefined>;
  /** What runs of a family have made and nobody has taken away: that of runs going on as well. */
  leftovers(family: string): Promise<readonly Leftover[]>;
  /** Takes a leftover away. One that is gone already is fine. */
  remove(leftover: Leftover): Promise<void>;
  /** Marks the image as outdated from a date on; it can be launched all the same. */
  deprecate(image: ImageId, at: Date): Promise<void>;
  /** Instances of the image get metadata by session only (IMDSv2). */
  requireMetadataSessions(image: ImageId): Promise<void>;
  /** Lets them launch the image, besides those who may already. */
  share(image: ImageId, permissions: LaunchPermissions): Promise<void>;
  /** Who may launch the image besides its own account. */
  sharedWith(image: ImageId): Promise<LaunchPermissions>;
}

/** Something that exists while an image is being made. */
export interface Leftover {
  readonly kind: 'instance' | 'volume' | 'key-pair';
  readonly id: string;
  readonly run: string;
  /** Absent where EC2 does not say. */
  readonly since?: Date;
}

/** The name of a run's key pair; the family comes first, so that a family's can be listed. */
export function keyPairName(family: string, run: string): string {
  return `warmbake-${family}-${run}`;
}

/** After so long a run is over, however it ended, in milliseconds; its deadline is well before. */
const RUN_OVER_MS = 4 * 3_600_000;

/**
 * The leftovers that may go: those of `run` itself, whose earlier try was killed, and those of other runs that must be over. A
 * run that is going on elsewhere keeps its own.
 */
export function leftoversToSweep(
  leftovers: readonly Leftover[],
  { run, now }: { readonly run: string; readonly now: Date },
): readonly Leftover[] {
  return leftovers.filter(
    ({ run: whose, since = now }) => whose === run || now.getTime() - since.getTime() > RUN_OVER_MS,
  );
}
