import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { FamilySettings } from '../../config/families.ts';
import type { Account, Instance } from '../model/account.ts';
import { readStanding } from '../model/desired.ts';
import type { ImageId } from '../model/ids.ts';
import { changedMeanwhile, lookAgain } from '../rollout/look-again.ts';
import type { StackResult } from '../rollout/roll.ts';

/** Instances that are drained before parameter, hold and image are looked at again. */
const AT_A_TIME = 10;

/** How it went with one instance. */
export interface DrainResult {
  readonly id: string;
  /** `gone`: it had ended by itself. */
  readonly outcome: 'draining' | 'gone' | 'failed';
  readonly error?: WarmbakeError;
}

/** Those of `instances` that can be drained: on an image that was left, and of a group that launches the good one by now. */
export function drainable(
  instances: readonly Instance[],
  { leaves, stacks }: { readonly leaves: readonly ImageId[]; readonly stacks: readonly StackResult[] },
): readonly Instance[] {
  const groups = new Set(stacks.flatMap((result) => (result.outcome === 'failed' ? [] : [result.group])));
  return instances.filter(
    ({ image, group, state }) =>
      leaves.includes(image) &&
      group !== undefined &&
      groups.has(group) &&
      (state === 'running' || state === 'pending'),
  );
}

/**
 * Drains instances, after a rollback to `image`: Auto Scaling ends them through the terminating hook of the Elastic CI stack; its agents
 * take no new job, finish the one they have, and only then the machine goes, and another one comes. Throws `refused` where the
 * image is not desired and held any more: those that come would run something else.
 */
export async function drain(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  {
    family,
    image,
    instances,
  }: { readonly family: FamilySettings; readonly image: ImageId; readonly instances: readonly Instance[] },
): Promise<readonly DrainResult[]> {
  const standing = await readStanding(account, family, host.clock.now());
  const { desired, hold } = standing;
  const isHeld = hold.state === 'held' && hold.hold.image === image;
  if (desired.state !== 'image' || desired.id !== image || !isHeld)
    throw changedMeanwhile(`${family.parameter} is not ${image} and held any more`);
  const look = lookAgain(account, host, { family, image, standing });
  const results: DrainResult[] = [];
  for (let at = 0; at < instances.length; at += AT_A_TIME) {
    await look();
    const batch = instances.slice(at, at + AT_A_TIME);
    results.push(
      ...(await inParallel(batch, async ({ id }) => await drainOne(account, id), { limit: AT_A_TIME })),
    );
  }
  return results;
}

async function drainOne(account: Account, id: Instance['id']): Promise<DrainResult> {
  try {
    return { id, outcome: await account.groups.drain(id) };
  } catch (error) {
    if (!(error instanceof WarmbakeError) || error.kind === 'refused') throw error;
    return { id, outcome: 'failed', error };
  }
}
