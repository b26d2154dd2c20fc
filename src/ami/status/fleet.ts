import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account, Instance } from '../model/account.ts';
import { readDesiredState, type DesiredState } from '../model/desired.ts';
import type { ImageId } from '../model/ids.ts';
import { readUsage } from '../retention/inventory.ts';
import { belongsTo, imageNamePrefix, newestFirst, type MachineImage } from '../model/machine-image.ts';
import { readStacks, type StackReading } from '../rollout/stack-facts.ts';
import type { Usage } from '../retention/usage.ts';

/** All that is known of a family at one time. */
export interface Fleet {
  readonly family: FamilySettings;
  readonly at: Date;
  readonly desiredState: DesiredState;
  /** The family's images, newest first. */
  readonly images: readonly MachineImage[];
  /** The desired image, also where it is none of the family's. */
  readonly desired?: MachineImage;
  readonly usage: Usage;
  readonly stacks: readonly StackReading[];
  /** Instances that the stacks launched, and others that run images of the family. */
  readonly instances: readonly Instance[];
}

/** Reads the fleet; changes nothing. A stack that cannot be read does not hide the others. */
export async function readFleet(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, rollouts }: { readonly family: FamilySettings; readonly rollouts: readonly ImageId[] },
): Promise<Fleet> {
  const at = host.clock.now();
  const desiredState = await readDesiredState(account, family, at);
  const wanted = desiredState.desired.state === 'image' ? desiredState.desired.id : undefined;
  const [named, desired, usage, stacks, everywhere] = await Promise.all([
    account.images.list(imageNamePrefix(family)),
    wanted === undefined ? undefined : account.images.find(wanted),
    readUsage(account, host, { family, rollouts, forDeletion: false }),
    readStacks(account, family.stacks, wanted ?? 'ami-'),
    account.instances.list(),
  ]);
  const images = newestFirst(named.filter((image) => belongsTo(image, family)));
  const ids = new Set(images.map(({ id }) => id));
  const groups = new Set(stacks.flatMap((stack) => (stack.state === 'read' ? [stack.facts.groupName] : [])));
  return {
    family,
    at,
    desiredState,
    images,
    ...(desired === undefined ? {} : { desired }),
    usage,
    stacks,
    instances: everywhere.filter(
      ({ group, image }) => ids.has(image) || (group !== undefined && groups.has(group)),
    ),
  };
}
