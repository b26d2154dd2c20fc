import type { Activity, Instance } from '../model/account.ts';
import type { InstanceId } from '../model/ids.ts';
import type { DiskMeasure } from '../model/disk-measure.ts';

/** What is seen of a canary since it launches the candidate. */
export interface CanaryFacts {
  /** The group's scaling activities since then. */
  readonly activities: readonly Activity[];
  /** Instances of the group that run the candidate. */
  readonly instances: readonly Instance[];
  readonly now: Date;
}

/** What that says about the candidate. Only `image-fault` is a reason to put the canary back. */
export type CanaryVerdict =
  /** An instance came up and stayed, or did its work and ended. */
  | { readonly verdict: 'proven'; readonly because: string; readonly measured?: DiskMeasure }
  /** Launches fail, or instances die while they boot. */
  | { readonly verdict: 'image-fault'; readonly because: string }
  /** Launches fail for reasons that another image would meet as well. */
  | { readonly verdict: 'no-capacity'; readonly because: string }
  /** Something was launched, and nothing can be said of it yet. */
  | { readonly verdict: 'undecided'; readonly because: string }
  | { readonly verdict: 'nothing-launched' };

/** A machine of the Elastic CI stack that cannot boot powers itself off before this; its agent is up long before. */
const SETTLED_MS = 3 * 60_000;
/** One that dies later than this after its launch did not die of its image. */
const BOOT_MS = 10 * 60_000;

/**
 * Status messages of launches that fail for the image's sake: it is gone, not launchable, of another architecture,
 * encrypted with a key that Auto Scaling may not use, or larger than its volume
 * (EC2 Auto Scaling user guide, "Troubleshoot AMI issues" and "EC2 instance launch failures").
 */
const IMAGE_FAULT =
  /\bAMI\b|InvalidAMIID|image id|InvalidSnapshot|snapshot '|InvalidBlockDeviceMapping|Client\.InternalError|Client error on launch/i;

/** Judges the candidate by what its canary did. */
export function judgeCanary({ activities, instances, now }: CanaryFacts): CanaryVerdict {
  const failed = activities.filter(({ status, description }) => status === 'Failed' && isLaunch(description));
  const faulty = failed.find(({ message }) => IMAGE_FAULT.test(message));
  if (faulty !== undefined) return { verdict: 'image-fault', because: faulty.message };

  const launches = activities.filter(
    ({ status, description }) => status !== 'Failed' && isLaunch(description),
  );
  const ends = launches.flatMap((launch) => endOf(launch, activities));
  const died = ends.filter(({ end, afterMs }) => isDeath(end) && afterMs < BOOT_MS);
  const settled = instances.find(
    ({ launchedAt, state }) => state === 'running' && now.getTime() - launchedAt.getTime() >= SETTLED_MS,
  );
  const finished = ends.find(({ end }) => isWish(end));
  if (settled !== undefined) return { verdict: 'proven', because: `instance ${settled.id} is up` };
  if (finished !== undefined)
    return { verdict: 'proven', because: `instance ${finished.id} came up, worked and ended` };
  // One death can be anything; the second in a row is the loop of launches that a broken image makes.
  if (died.length >= 2) {
    return {
      verdict: 'image-fault',
      because: `${died.length} instances died while they booted: ${died[0]?.end.cause}`,
    };
  }
  const [refusal] = failed;
  if (launches.length > 0 || instances.length > 0) {
    return { verdict: 'undecided', because: died[0]?.end.cause ?? 'what was launched is not up long enough' };
  }
  return refusal === undefined
    ? { verdict: 'nothing-launched' }
    : { verdict: 'no-capacity', because: refusal.message };
}

function isLaunch(description: string): boolean {
  return description.startsWith('Launching');
}

interface End {
  readonly id: InstanceId;
  readonly end: Activity;
  readonly afterMs: number;
}

/** The termination of the instance that was launched, where it has come to that. */
function endOf(launch: Activity, activities: readonly Activity[]): readonly End[] {
  const id = instanceIn(launch.description);
  const end = activities.find(
    ({ description }) => description.startsWith('Terminating') && instanceIn(description) === id,
  );
  if (id === undefined || end === undefined) return [];
  return [{ id, end, afterMs: end.startedAt.getTime() - launch.startedAt.getTime() }];
}

function instanceIn(description: string): InstanceId | undefined {
  return /\bi-[0-9a-f]+/.exec(description)?.[0] as InstanceId | undefined;
}

/** Switched off from inside, or found dead: what the Elastic CI stack does with a machine whose boot fails. */
function isDeath({ cause }: Activity): boolean {
  return /EC2 (?:health check|instance status check)/i.test(cause);
}

/** The agent ends its own machine after a job, or when there is no work (TerminateInstanceInAutoScalingGroup). */
function isWish({ cause }: Activity): boolean {
  return /in response to a user request/i.test(cause);
}
